-- Starts the service of examples/openresty with the script of that folder. The service calls an emulator.

local cjson = require "cjson"
local curl = require "dataworks.curl"
local files = require "spec.support.files"
local ports = require "spec.support.ports"
local shell = require "spec.support.shell"

local M = {}

local Service = {}
Service.__index = Service

local START = "cd %s; { env ALIBABA_CLOUD_ENDPOINT=%s ALIBABA_CLOUD_ACCESS_KEY_ID=%s ALIBABA_CLOUD_ACCESS_KEY_SECRET=%s"
  .. " PORT=%d STATE=%s examples/openresty/run >%s/output 2>&1 & echo $!; }"

--- Starts the service on a random port. Returns true when the service answers, and false if it ends before.
local function launch(self, emulator)
  self.port = ports.random()
  self.pid = shell.output(START:format(shell.quote(shell.output "pwd"), emulator.endpoint, emulator.access_key_id,
    emulator.access_key_secret, self.port, self.directory, self.directory))
  for _ = 1, 100 do
    if self.session:send({ method = "GET", url = self:url "/ping" }, 5) == 200 then return true end
    if select(2, shell.run("kill -0 " .. self.pid)) ~= 0 then return false end
    shell.run "sleep 0.05"
  end
end

--- Starts the service. Stop it with the method stop.
---@param emulator table
---@return table service
function M.start(emulator)
  local self = setmetatable({ directory = shell.output "mktemp -d /tmp/dataworks-service.XXXXXX", session = curl.new {} }, Service)
  for _ = 1, 10 do
    if launch(self, emulator) then
      self.guard = shell.guard(self.pid, self.directory)
      return self
    end
  end
  error(files.read(self.directory .. "/output"))
end

function Service:url(path)
  return ("http://127.0.0.1:%d%s"):format(self.port, path)
end

--- Sends a request. Returns the HTTP status, the body, and the headers of the reply. A JSON body is decoded.
function Service:send(method, path, headers, body)
  local list = {}
  for name, value in pairs(headers or {}) do list[name] = value end
  local status, reply_headers, text = self.session:send({ method = method, url = self:url(path), headers = list, body = body or "" }, 30)
  if not status then error(reply_headers.message, 2) end
  local ok, value = pcall(cjson.decode, text)
  return status, ok and value or text, curl.headers(reply_headers)
end

--- Sends a request for a new task. The parameters are a table, or the body as text.
function Service:post(params, headers)
  headers = headers or {}
  headers["Content-Type"] = headers["Content-Type"] or "application/json"
  return self:send("POST", "/sync-tasks", headers, type(params) == "string" and params or cjson.encode(params))
end

--- Waits until is_ready(task) returns true, and returns the task. Sends a request again if it failed, because some
--- specs stop workers of the service while they wait.
function Service:await(id, is_ready)
  local task
  for _ = 1, 300 do
    local answered, _, now = pcall(self.send, self, "GET", "/sync-tasks/" .. id)
    task = answered and now or task
    if answered and is_ready(task) then return task end
    shell.run "sleep 0.1"
  end
  error("not in 30 seconds: " .. cjson.encode(task), 2)
end

--- Waits until the task has ended, and returns the task.
function Service:await_end(id)
  return self:await(id, function(task) return task.state ~= "running" end)
end

--- Waits until the emulator has received a call of the action.
function Service:await_call(emulator, action)
  for _ = 1, 300 do
    if #emulator:journal(action) > 0 then return end
    shell.run "sleep 0.1"
  end
  error("no call of " .. action .. " in 30 seconds: " .. self:log(), 2)
end

--- Waits until all workers with the given process ids have ended.
function Service:await_workers_end(pids, seconds)
  for _ = 1, seconds * 10 do
    local left = {}
    for _, pid in ipairs(self:workers()) do left[pid] = true end
    local gone = true
    for _, pid in ipairs(pids) do gone = gone and not left[pid] end
    if gone then return end
    shell.run "sleep 0.1"
  end
  error("a worker did not end: " .. self:log(), 2)
end

--- Returns the process ids of the workers.
function Service:workers()
  local list = {}
  for pid in files.read(("/proc/%s/task/%s/children"):format(self.pid, self.pid)):gmatch "%d+" do list[#list + 1] = pid end
  return list
end

--- Sends a signal to a process. The default process is the service.
function Service:signal(name, pid)
  shell.output(("kill -%s %s"):format(name, pid or self.pid))
end

--- Returns the error log of nginx.
function Service:log()
  return files.read(self.directory .. "/error.log")
end

function Service:stop()
  self.session:close()
  self.guard:close()
end

return M
