-- Answers the HTTP requests of the service: accepts new tasks, and returns the progress of known tasks.

local cjson = require "cjson.safe"
local members = require "members"
local runner = require "runner"
local tasks = require "tasks"

local M = {}

M.start = runner.start

local MAX_KEY_BYTES = 200

--- Sends a reply with a JSON body, and ends the request.
local function send(status, value)
  ngx.status = status
  ngx.header["Content-Type"] = "application/json"
  ngx.print(cjson.encode(value))
  return ngx.exit(ngx.HTTP_OK)
end

--- Sends an error reply, and ends the request. `more` has further fields of the error.
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

--- Reads the task from the body of the request. If the body is unusable, sends an error reply and returns nil.
---@return table|nil params
---@return string|nil body the text of the parameters
local function read_params()
  local kind = (ngx.var.content_type or ""):lower():match("^%s*([^;%s]*)")
  if kind ~= "application/json" then
    refuse(415, "send the task as JSON, with Content-Type: application/json")
    return nil
  end
  ngx.req.read_body()
  local body = ngx.req.get_body_data() or ""
  local params, message = cjson.decode(body)
  if type(params) ~= "table" or not body:find("^%s*{") then
    refuse(400, message and "the body is not JSON: " .. message or "the body must be a JSON object")
    return nil
  end
  return params, body
end

--- Derives the ClientToken of the task from the Idempotency-Key, so that a repeated request means the same task. If the
--- key is unusable, sends an error reply and returns false.
---@param params table
---@return boolean is_usable
local function apply_key(params)
  local key = ngx.req.get_headers(0)["Idempotency-Key"]
  if key == nil then
    return true
  elseif type(key) ~= "string" or #key > MAX_KEY_BYTES or not key:find("^[\33-\126]+$") then
    refuse(400, ("expected 1 to %d visible ASCII characters, once"):format(MAX_KEY_BYTES), { path = "Idempotency-Key" })
    return false
  elseif params.ClientToken ~= nil then
    refuse(400, "is derived from the Idempotency-Key; leave one of the two out", { path = "ClientToken" })
    return false
  end
  params.ClientToken = "key-" .. ngx.md5(key)
  return true
end

local STATUS = { invalid = 400, credentials = 503 }

--- Replaces the decoded scripts in the parameters by their original text, so that the client sends the scripts byte for
--- byte. The decoded scripts are only used to check the parameters.
local function with_scripts(params, body)
  local texts = members.of(body)
  for _, name in ipairs { "TaskParam", "TaskContent" } do
    if type(params[name]) == "table" then
      params[name] = texts[name]
    end
  end
  return params
end

--- Checks the parameters, and returns the state from which the task can be run. Stops at on_step, before the first call
--- of the flow. If the client refuses the parameters, sends an error reply and returns nil.
---@param params table
---@return table|nil state
local function begin(params)
  local state
  local _, err = runner.client():create_sync_task(params, {
    on_step = function(begun)
      state = begun
      error("only the first state is needed", 0)
    end,
  })
  if not state then
    send(STATUS[err.kind] or 502, { error = {
      kind = err.kind, message = err.message, path = err.path, advice = err.advice,
    } })
  end
  return state
end

--- Handles POST /sync-tasks: stores the task in the body, starts the task, and sends its id.
local function accept()
  local params, body = read_params()
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
    return refuse(503, "the service cannot store more tasks now; try again later", { kind = "full" })
  elseif task.digest ~= (params.ClientToken and ngx.md5(body) or nil) then
    return refuse(422, "this key was used for another task", { path = "Idempotency-Key" })
  end
  if added or task.error and tasks.reopen(task) then
    runner.run(task.id)
  end
  ngx.header["Location"] = location(task.id)
  return send(202, { id = task.id, location = location(task.id) })
end

--- Prepares a stored task for a reply: removes the internal fields, and adds `elapsed` and `state`.
local function public(task)
  task.digest, task.number = nil, nil
  task.elapsed = (task.ended or ngx.now()) - task.created
  task.state = task.error and "failed" or task.ended and "done" or "running"
  return task
end

--- Handles GET /sync-tasks: sends the list of the latest tasks.
local function list()
  local all = tasks.list()
  for _, task in ipairs(all) do
    public(task)
  end
  -- cjson would encode an empty table as an object.
  if #all == 0 then
    ngx.header["Content-Type"] = "application/json"
    return ngx.print '{"tasks":[]}'
  end
  return send(200, { tasks = all })
end

--- Handles GET /sync-tasks/{id}: sends the progress of the task.
local function show(id)
  local task = tasks.get(id)
  if not task then
    return refuse(404, "there is no such task; the service forgets a task a day after its end")
  end
  return send(200, public(task))
end

--- Sends the error reply for a method that this path does not support.
local function refuse_method(allowed)
  ngx.header["Allow"] = allowed
  return refuse(405, "only " .. allowed .. " is served here")
end

--- Answers the current request. nginx.conf calls this function.
function M.answer()
  local path, method = ngx.var.uri, ngx.req.get_method()
  local reads = method == "GET" or method == "HEAD"
  if path == "/sync-tasks" then
    if method == "POST" then
      return accept()
    end
    return reads and list() or refuse_method "GET, HEAD, POST"
  end
  local id = path:match("^/sync%-tasks/(%x+)$")
  if not id then
    return refuse(404, "there is nothing here; the tasks are at /sync-tasks")
  end
  return reads and show(id) or refuse_method "GET, HEAD"
end

return M
