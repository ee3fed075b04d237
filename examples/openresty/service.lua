-- Answers the requests: takes tasks, and tells how far they are.

local carrier = require "carrier"
local cjson = require "cjson.safe"
local members = require "members"
local tasks = require "tasks"

local M = {}

M.start = carrier.start

local LONGEST_KEY = 200

local function send(status, value)
  ngx.status = status
  ngx.header["Content-Type"] = "application/json"
  ngx.print(cjson.encode(value))
  return ngx.exit(ngx.HTTP_OK)
end

local function refuse(status, message, more)
  local err = { kind = "invalid", message = message }
  for name, value in pairs(more or {}) do
    err[name] = value
  end
  return send(status, { error = err })
end

local function location(id)
  return "/sync-tasks/" .. id
end

--- The parameters, or nil once the request is answered.
local function read()
  local kind = (ngx.var.content_type or ""):lower():match("^%s*([^;%s]*)")
  if kind ~= "application/json" then
    refuse(415, "send the task as JSON, with Content-Type: application/json")
    return nil
  end
  ngx.req.read_body()
  local body = ngx.req.get_body_data() or ""
  local params, message = cjson.decode(body)
  if type(params) ~= "table" or not body:find("^%s*{") then
    refuse(400, message and "the body is no JSON: " .. message or "the body has to be a JSON object")
    return nil
  end
  return params, body
end

--- A key says which task is meant, also when the request is sent again: the service's own token is made from it.
local function apply_key(params)
  local key = ngx.req.get_headers(0)["Idempotency-Key"]
  if key == nil then
    return true
  elseif type(key) ~= "string" or #key > LONGEST_KEY or not key:find("^[\33-\126]+$") then
    refuse(400, ("expected 1 to %d visible ASCII characters, once"):format(LONGEST_KEY), { path = "Idempotency-Key" })
    return false
  elseif params.ClientToken ~= nil then
    refuse(400, "is made from the Idempotency-Key; leave one of the two out", { path = "ClientToken" })
    return false
  end
  params.ClientToken = "key-" .. ngx.md5(key)
  return true
end

local STATUS = { invalid = 400, credentials = 503 }

--- Puts the scripts in as they came, for what was decoded is good enough to be checked, and not to be sent.
local function with_scripts(params, body)
  local texts = members.of(body)
  for _, name in ipairs { "TaskParam", "TaskContent" } do
    if type(params[name]) == "table" then
      params[name] = texts[name]
    end
  end
  return params
end

--- The state to begin from: everything about the parameters that can be refused without the service is refused here.
local function begin(params)
  local state
  local _, err = carrier.client():create_sync_task(params, {
    on_step = function(begun)
      state = begun
      error("only begun", 0)
    end,
  })
  if not state then
    send(STATUS[err.kind] or 502, { error = {
      kind = err.kind, message = err.message, path = err.path, advice = err.advice,
    } })
  end
  return state
end

local function take()
  local params, body = read()
  local state = params and apply_key(params) and begin(params) and begin(with_scripts(params, body))
  if not state then
    return
  end
  local task, added = tasks.add({
    id = ngx.md5(state.ClientToken), digest = params.ClientToken and ngx.md5(body) or nil,
    ProjectId = state.ProjectId, TaskType = state.TaskType, TaskName = state.TaskName,
    step = "begun", progress = 0, created = ngx.now(), updated = ngx.now(),
  }, state)
  if not task then
    return refuse(503, "there is no room for more tasks; try again later", { kind = "full" })
  elseif task.digest ~= (params.ClientToken and ngx.md5(body) or nil) then
    return refuse(422, "this key was used for another task", { path = "Idempotency-Key" })
  end
  if added or task.error and tasks.reopen(task) then
    carrier.take(task.id)
  end
  ngx.header["Location"] = location(task.id)
  return send(202, { id = task.id, location = location(task.id) })
end

local function shown(task)
  task.digest, task.number = nil, nil
  task.elapsed = (task.ended or ngx.now()) - task.created
  task.state = task.error and "failed" or task.ended and "done" or "running"
  return task
end

local function list()
  local all = tasks.list()
  for _, task in ipairs(all) do
    shown(task)
  end
  -- cjson writes an empty table as an object.
  if #all == 0 then
    ngx.header["Content-Type"] = "application/json"
    return ngx.print '{"tasks":[]}'
  end
  return send(200, { tasks = all })
end

local function show(id)
  local task = tasks.get(id)
  if not task then
    return refuse(404, "there is no such task; one that has ended is told of for a day")
  end
  return send(200, shown(task))
end

local function only(allowed)
  ngx.header["Allow"] = allowed
  return refuse(405, "only " .. allowed .. " is served here")
end

function M.answer()
  local path, method = ngx.var.uri, ngx.req.get_method()
  local reads = method == "GET" or method == "HEAD"
  if path == "/sync-tasks" then
    if method == "POST" then
      return take()
    end
    return reads and list() or only "GET, HEAD, POST"
  end
  local id = path:match("^/sync%-tasks/(%x+)$")
  if not id then
    return refuse(404, "there is nothing here; tasks are at /sync-tasks")
  end
  return reads and show(id) or only "GET, HEAD"
end

return M
