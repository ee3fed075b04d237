-- Creates a temporary home directory, and a host for credential providers whose clock, random numbers and network are
-- scripted.

local core = require "dataworks.core"
local credentials = require "dataworks.credentials.source"
local shell = require "spec.support.shell"

local M = {}

local Home = {}
Home.__index = Home

--- Creates a home directory. Remove it with its method remove.
---@return table home
function M.new()
  return setmetatable({ path = shell.output "mktemp -d /tmp/dataworks-home.XXXXXX" }, Home)
end

--- Writes a file below the home and returns its path.
function Home:write(name, text)
  local path = self.path .. "/" .. name
  local file = io.open(path, "wb")
  if not file then
    shell.output("mkdir -p " .. shell.quote((path:gsub("/[^/]*$", ""))))
    file = assert(io.open(path, "wb"))
  end
  assert(file:write(text))
  file:close()
  return path
end

--- Writes the configuration file of the Alibaba Cloud CLI. `profiles` holds profiles by name.
function Home:config(current, profiles)
  local list = {}
  for name, profile in pairs(profiles) do
    profile.name = name
    list[#list + 1] = profile
  end
  return self:write(".aliyun/config.json", assert(core.encode { current = current, profiles = core.list(list) }))
end

function Home:remove()
  os.execute("rm -rf " .. shell.quote(self.path))
end

--- Returns a replacement for os.getenv, with HOME set to this directory and the metadata service disabled. `values`
--- holds more variables; false removes a variable.
function Home:environment(values)
  local all = { HOME = self.path, ALIBABA_CLOUD_ECS_METADATA_DISABLED = "true" }
  for name, value in pairs(values or {}) do all[name] = value or nil end
  return function(name) return all[name] end
end

--- Creates a host for providers. `answer` returns the reply to a request, or { lost = failure }.
---@param answer? fun(request: table, limits: table, world: table): table
---@param getenv? fun(name: string): string|nil
---@return table host
---@return table world {time, random, sent, limits, events, latch}
function M.host(answer, getenv)
  local world = { time = 1716019750, random = 0, sent = {}, limits = {}, events = {}, nonces = 0 }
  local host = {
    getenv = getenv,
    now = function() return world.time end,
    clock = function() return world.time end,
    random = function() return world.random end,
    nonce = function()
      world.nonces = world.nonces + 1
      return "nonce-" .. world.nonces
    end,
    user_agent = "spec", allow_http = false,
  }
  function host:http(request, limits) -- luacheck: no self
    world.sent[#world.sent + 1], world.limits[#world.limits + 1] = request, limits
    local got = assert(answer, "no request was expected")(request, limits, world)
    if got.lost then return nil, got.lost end
    return { status = got.status or 200, headers = got.headers or {}, body = got.body or "" }
  end
  host.clock_skew = { correct = function() return false end }
  host.events = { emit = function(_, event) world.events[#world.events + 1] = event end }
  function host:latch() return world.latch and world.latch() end -- luacheck: no self
  function host:is_closed() return false end -- luacheck: no self
  function host:close() end -- luacheck: no self
  return host, world
end

--- Creates a credential source with a host of this module.
---@return dataworks.CredentialSource source
---@return table world
function M.source(options, getenv, answer)
  local host, world = M.host(answer, getenv)
  host.profile = options.profile
  return credentials.new(options, host), world
end

--- Formats a time as the services do.
function M.date(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", seconds)
end

--- Returns a successful reply of STS to a call of AssumeRole or AssumeRoleWithOIDC.
function M.assumed(id, expires)
  return { body = assert(core.encode { RequestId = "R", Credentials = {
    AccessKeyId = id, AccessKeySecret = id .. "-secret", SecurityToken = id .. "-token", Expiration = M.date(expires),
  } }) }
end

return M
