-- Starts an emulator for specs, and controls it. The requests to its control paths are sent by the program curl.

local credentials = require "dataworks.emulator.credentials"
local json = require "dataworks.emulator.json"
local nginx = require "dataworks.emulator.nginx"
local quote = require("dataworks.emulator.shell").quote

local M = {}
M.__index = M

--- Starts an emulator on a free port. Stop it in teardown. It also stops if the process of the specs is killed.
---@param options {port: integer|nil, tls: boolean|nil}|nil
function M.start(options)
  local started = assert(nginx.start(options))
  return setmetatable({
    nginx = started,
    endpoint = started.endpoint,
    port = started.port,
    directory = started.directory,
    ca_file = started.ca_file,
    access_key_id = credentials[1].access_key_id,
    access_key_secret = credentials[1].access_key_secret,
    sts = credentials[2],
    expired = credentials[3],
    disabled = credentials[4],
  }, M)
end

--- Sends a request to a path under /_emulator/, and returns the decoded answer. Raises an error for a message.
local function control(self, method, path, body)
  local input = self.directory .. "/control.json"
  if body then
    local file = assert(io.open(input, "wb"))
    file:write(json.encode(body))
    file:close()
  end
  local pipe = assert(io.popen(table.concat({
    "env -u LD_PRELOAD curl -sS --noproxy '*' --max-time 30 -X", method,
    self.ca_file and "--cacert " .. quote(self.ca_file) or "",
    body and "--data-binary @" .. quote(input) or "",
    quote(self.endpoint .. "/_emulator/" .. path),
  }, " "), "r"))
  local text = pipe:read("*a")
  pipe:close()
  local answer, message = json.decode(text)
  if message or answer.message then
    error("the emulator said: " .. (message and text or answer.message), 3)
  end
  return answer
end

--- Changes settings, and returns all settings.
function M:settings(changes)
  return control(self, changes and "POST" or "GET", "settings", changes)
end

--- Queues a fault. Its fields are those of M:add in dataworks.emulator.faults.
function M:fault(spec)
  return control(self, "POST", "faults", spec)
end

--- Returns the journal entries of all calls, or of the calls of one action, oldest first.
function M:journal(action)
  return control(self, "GET", "journal" .. (action and "?action=" .. action or ""))
end

--- Resets the emulator. Its settings get their default values; its tasks, faults, journal and nonces are removed.
function M:reset()
  return control(self, "POST", "reset", {})
end

--- Lets the emulator forget ClientTokens and what else a service may forget when it restarts.
function M:forget()
  return control(self, "POST", "forget", {})
end

function M:stop()
  self.nginx:stop()
end

return M
