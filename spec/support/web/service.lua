-- A minimal service for measurements. It answers the calls of a flow, and verifies nothing. It counts the polls of each
-- process. This module runs inside nginx.
-- luacheck: std min+ngx_lua

local content = require "dataworks.emulator.service.content"
local json = require "dataworks.emulator.json"

local M = {}

local HEAD = '{"Success":true,"RequestId":"0BC14115-1593-5763-5973-000000000000","Data":'

local READY = HEAD .. json.encode(json.object("Status", "success", "TaskContent", content.write {
  source = "mysql", destination = "odps", name = "mysql_odps", datasource = "odps_source",
  resource_group = "S_res_group_280749521950784_1623033752022",
  connections = { {
    datasource_type = "mysql", datasource = "mysql_pub1",
    databases = { { name = "mysql_db", tables = { "molin_di_test_in_pk_v4" } } },
  } },
})) .. "}"

local last_id, polls = 1000000, {}

local function next_id()
  last_id = last_id + 1
  return last_id
end

local actions = {}

function actions.GenerateDISyncTaskConfigForCreating()
  return ('%s{"Status":"success","ProcessId":%d}}'):format(HEAD, next_id())
end

function actions.QueryDISyncTaskConfigProcessResult(ready_at)
  local process = ngx.var.arg_AsyncProcessId
  local count = (polls[process] or 0) + 1
  if count >= ready_at then
    polls[process] = nil
    return READY
  end
  polls[process] = count
  return HEAD .. '{"Message":""}}'
end

function actions.CreateDISyncTask()
  return ('%s{"Status":"success","FileId":%d}}'):format(HEAD, next_id())
end

--- Answers one call of a flow.
---@param ready_at integer the number of the poll at which a process is finished
---@param delay number the seconds to wait before the reply
function M.answer(ready_at, delay)
  local text = actions[ngx.var.http_x_acs_action](ready_at)
  if delay > 0 then
    -- ngx.sleep counts from the time that nginx has cached for the current event. Update this time.
    ngx.update_time()
    ngx.sleep(delay)
  end
  ngx.header.content_length = #text
  ngx.print(text)
end

local DONE = HEAD .. '{"Status":"success"}}'
local THROTTLED = '{"Code":"Throttling.User","Message":"Request was denied due to user flow control.","RequestId":"R"}'

--- Answers a call of a service with a quota. The parameter ProjectId is the quota: the number of calls that succeed in
--- each second of the clock. Further calls in the same second are throttled.
function M.answer_within_quota()
  local quota = tonumber(ngx.var.arg_ProjectId)
  ngx.update_time()
  local count = ngx.shared.counts:incr(("quota %d %d"):format(quota, math.floor(ngx.now())), 1, 0)
  local text = count <= quota and DONE or THROTTLED
  ngx.status = count <= quota and 200 or 400
  ngx.header.content_length = #text
  ngx.print(text)
end

return M
