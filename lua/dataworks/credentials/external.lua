-- Credentials from a program, run without a shell.

local cache = require "dataworks.credentials.cache"
local command = require "dataworks.credentials.command"
local core = require "dataworks.core"
local failures = require "dataworks.util.credential_failure"
local inside_nginx = require "dataworks.util.inside_nginx"
local reply_of = require "dataworks.credentials.reply"
local static = require "dataworks.credentials.static"
local variables = require "dataworks.credentials.variables"

local M = { FIELDS = { process_command = "text" } }

local TIMEOUT, MAX_OUTPUT = 60, 64 * 1024

-- A program that ended this close to the deadline was stopped by it.
local CLOSE = 0.05

--- Without an expiration the cache runs the program again after a few seconds.
local function read(output)
  local answer, failure = reply_of.object(output)
  if not answer then
    return nil, failure
  elseif answer.mode ~= nil and answer.mode ~= "AK" and answer.mode ~= "StsToken" then
    return nil, failures.new "the answer's mode is neither AK nor StsToken"
  elseif answer.mode == "StsToken" and (answer.sts_token or "") == "" then
    return nil, failures.new "the answer has no sts_token"
  end
  local found = {
    access_key_id = answer.access_key_id, access_key_secret = answer.access_key_secret,
    security_token = answer.sts_token ~= "" and answer.sts_token or nil,
  }
  if (answer.expiration or "") ~= "" then
    found.expiration = reply_of.expiration(answer.expiration)
    if not found.expiration then
      return nil, failures.new "the answer's expiration is no date"
    end
  end
  return static.check(found)
end

---@param fields table
---@param host dataworks.CredentialHost
---@return dataworks.Provider
function M.new(fields, host)
  return cache.new("external", function(deadline)
    if variables.no_external(host.getenv) then
      return nil, failures.new "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS is set"
    end
    if inside_nginx() then
      return nil, failures.new("a program can't be run inside nginx, whose worker it would hold up",
        "use another kind of credentials there, such as ecs_ram_role or oidc")
    end
    local words, message = command.split(fields.process_command)
    if not words then
      return nil, failures.new("process_command: " .. message)
    end
    local left = math.min(TIMEOUT, deadline - host.clock())
    if left <= 0 then
      return nil, failures.hurried(failures.new "the deadline of the call passed")
    end
    local output, reason = core.run(words, left, MAX_OUTPUT)
    if not output then
      local failure = failures.new("process_command: " .. reason)
      failure.hurried = left < TIMEOUT and host.clock() >= deadline - CLOSE
      return nil, failure
    end
    return read(output)
  end, host)
end

return M
