-- Reads credentials from the output of a program, which is run without a shell.

local cache = require "dataworks.credentials.cache"
local command = require "dataworks.credentials.command"
local core = require "dataworks.core"
local failures = require "dataworks.util.credential_failure"
local inside_nginx = require "dataworks.util.inside_nginx"
local reply_parser = require "dataworks.credentials.reply"
local variables = require "dataworks.credentials.variables"

local M = {}

local TIMEOUT, MAX_OUTPUT = 60, 64 * 1024

-- If a program fails within this many seconds before the deadline, the deadline counts as the cause.
local STOP_SECONDS = 0.05

local NAMES = { id = "access_key_id", secret = "access_key_secret", token = "sts_token", expiration = "expiration" }

--- The parts of credentials that may be missing, by mode.
local OPTIONAL = { AK = { token = true, expiration = true }, StsToken = { expiration = true } }

local function parse(output)
  local answer, failure = reply_parser.parse_object(output)
  if not answer then
    return nil, failure
  end
  local optional = OPTIONAL[answer.mode or "AK"]
  if not optional then
    return nil, failures.new "the answer's mode is neither AK nor StsToken"
  end
  return reply_parser.parse_credentials(answer, NAMES, optional)
end

local function run(words, host, deadline)
  local left = math.min(TIMEOUT, deadline - host.clock())
  if left <= 0 then
    return nil, failures.cut_short "the deadline of the call passed"
  end
  local output, reason = core.run(words, left, MAX_OUTPUT)
  if not output then
    local failure = failures.new("process_command: " .. reason)
    failure.cut_short = left < TIMEOUT and host.clock() >= deadline - STOP_SECONDS
    return nil, failure
  end
  return parse(output)
end

local function fetch(self, deadline)
  if variables.forbids_external(self.host.getenv) then
    return nil, failures.new "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS is set"
  elseif inside_nginx() then
    return nil, failures.new("a program can't be run inside nginx, where it would block the worker",
      "use another kind of credentials there, such as ecs_ram_role or oidc")
  end
  local words, message = command.split(self.command)
  if not words then
    return nil, failures.new("process_command: " .. message)
  end
  return run(words, self.host, deadline)
end

function M.new(fields, host)
  return cache.new("external", host, fetch, { command = fields.process_command, host = host })
end

return M
