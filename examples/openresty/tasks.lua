-- The tasks that were asked for: kept in a lua_shared_dict, and carried by timers. After each step of a flow its state
-- is stored, so that whoever goes on with it, after a reload or a worker's end, never creates a task twice.

local cjson = require "cjson.safe"
local dataworks = require "dataworks"

local M = {}

local dict = ngx.shared.sync_tasks

-- A worker that carries a flow renews its lease at each step; one that is gone loses it after this, in seconds.
local LEASE = 120
local LOOK_AGAIN = 15

-- A flow that was interrupted so often is given up.
local MOST_RUNS = 20

-- How long an ended task is shown, and its Idempotency-Key remembered, in seconds.
local KEEP = 24 * 3600

local client

--- One for the worker: it keeps its connections and its credentials.
function M.client()
  client = client or dataworks.new { limit = { qps = 5, burst = 5, dict = "limits" }, timeout = 30 }
  return client
end

-- Records

local function read(id)
  local text = dict:get("task:" .. id)
  return text and cjson.decode(text)
end

local function write(record)
  record.updated = ngx.now()
  -- safe_set: it would rather fail than drive out another task.
  return dict:safe_set("task:" .. record.id, cjson.encode(record), record.ended and KEEP or 0)
end

--- What is told of a task: neither its parameters nor its state.
local function shown(record)
  return {
    id = record.id, name = record.name, type = record.type, step = record.step, polls = record.polls,
    created = record.created, updated = record.updated, ended = record.ended or false, file_id = record.file_id,
    error = record.error,
  }
end

function M.get(id)
  local record = read(id)
  return record and shown(record)
end

--- The newest first.
function M.list()
  local list = {}
  for _, key in ipairs(dict:get_keys(0)) do
    local record = key:find "^task:" and read(key:sub(6))
    if record then
      list[#list + 1] = shown(record)
    end
  end
  table.sort(list, function(a, b)
    if a.created ~= b.created then
      return a.created > b.created
    end
    return a.id > b.id
  end)
  return list
end

-- Carrying a flow

--- Raises when somebody else carries it, or the worker is about to end: the flow stops there, with its state stored.
local function go_on(id, owner)
  if ngx.worker.exiting() then
    error("the worker is exiting", 0)
  elseif dict:get("lease:" .. id) ~= owner then
    error("another worker carries it", 0)
  end
  dict:set("lease:" .. id, owner, LEASE)
end

local function release(id, owner)
  if dict:get("lease:" .. id) == owner then
    dict:delete("lease:" .. id)
  end
end

--- May the last call have created the task, although it failed?
local function may_exist(record, err)
  local creating = record.step == "configured" or record.type == "DI_OFFLINE"
  return creating and err.sent ~= false and err.kind ~= "service" and err.kind ~= "task"
end

local function finish(record, task, err)
  record.ended = true
  if task then
    record.step, record.file_id = "created", tostring(task.FileId)
  else
    record.error = {
      kind = err.kind, code = err.code, path = err.path, message = tostring(err), advice = err.advice,
      request_id = err.request_id, may_exist = may_exist(record, err),
    }
    record.step = "failed"
  end
  record.params, record.state = nil, nil
  write(record)
end

--- Is it worth going on later with the state that there is?
local function is_interrupted(err)
  return err.kind == "cancelled" or err.kind == "timeout" or err.retryable
end

local function carry(premature, id, owner)
  local record = read(id)
  if premature or not record or record.ended then
    return release(id, owner)
  end
  record.runs = (record.runs or 0) + 1
  local task, err = M.client():create_sync_task(record.params, {
    timeout = 1800,
    resume = record.state,
    on_step = function(state)
      go_on(id, owner)
      record.state, record.step = state, state.step
      assert(write(record))
    end,
    on_progress = function(event)
      if event.step == "polling" then
        go_on(id, owner)
        record.polls = event.attempt
        write(record)
      end
    end,
  })
  -- What was interrupted, another worker or this one goes on with in a while.
  if task or not is_interrupted(err) or record.runs >= MOST_RUNS then
    finish(record, task, err)
  end
  release(id, owner)
end

--- For one worker alone: the lease is there or it isn't.
local function start(id)
  local owner = ("%d:%d"):format(ngx.worker.pid(), dict:incr("last_owner", 1, 0))
  if dict:add("lease:" .. id, owner, LEASE) then
    local ok, message = ngx.timer.at(0, carry, id, owner)
    if not ok then
      ngx.log(ngx.ERR, "task ", id, " has to wait: ", message)
      release(id, owner)
    end
  end
end

--- Goes on with what nobody carries: after a reload, or the end of a worker.
local function resume(premature)
  if premature then
    return
  end
  for _, task in ipairs(M.list()) do
    if not task.ended then
      start(task.id)
    end
  end
  ngx.timer.at(LOOK_AGAIN, resume)
end

function M.resume_all()
  ngx.timer.at(0, resume)
end

-- Beginning one

local function new_id()
  local number = dict:incr("last_id", 1, 0)
  return ("%d-%d"):format(ngx.time(), number)
end

--- What would be refused before anything is sent is refused at once.
local function check(params)
  local action, given = "CreateDISyncTask", params
  if params.TaskType ~= "DI_OFFLINE" then
    action = "GenerateDISyncTaskConfigForCreating"
    given = { ProjectId = params.ProjectId, TaskType = params.TaskType, TaskParam = params.TaskParam }
  end
  local request, err = M.client():request(action, given)
  return request and true, err
end

---@param params table those of client:create_sync_task
---@param key string|nil repeats give the same task
---@return table|nil task
---@return table|nil err an error of the library, or one of the same form
function M.begin(params, key)
  local known = key and dict:get("key:" .. key)
  if known then
    return M.get(known), nil
  end
  local ok, err = check(params)
  if not ok then
    return nil, err
  end
  local record = {
    id = new_id(), name = params.TaskName, type = params.TaskType, params = params, step = "accepted", polls = 0,
    created = ngx.now(),
  }
  if key and not dict:safe_add("key:" .. key, record.id, KEEP) then
    return M.begin(params, key)
  end
  local message
  ok, message = write(record)
  if not ok then
    return nil, { kind = "overload", message = "no room for another task: " .. tostring(message) }
  end
  start(record.id)
  return shown(record)
end

return M
