-- A home directory of its own, and a host for providers whose clock, chance and network are a script.

local core = require "dataworks.core"
local credentials = require "dataworks.credentials.source"
local shell = require "spec.support.shell"

local M = {}

local Home = {}
Home.__index = Home

---@return table home to be removed
function M.new()
  return setmetatable({ path = shell.output "mktemp -d /tmp/dataworks-home.XXXXXX" }, Home)
end

--- Writes a file below it; gives its path.
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

--- The CLI's configuration: a table of profiles by name.
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

--- An environment with this home, and no metadata service unless it is asked for.
function Home:environment(values)
  local all = { HOME = self.path, ALIBABA_CLOUD_ECS_METADATA_DISABLED = "true" }
  for name, value in pairs(values or {}) do all[name] = value or nil end
  return function(name) return all[name] end
end

--- A host in a world of its own. `answer` is a function of request and limits that gives {status, body} or {lost = ...}.
---@return table host
---@return table world {time, clock, sent, limits, events}
function M.host(answer)
  local world = { time = 1716019750, sent = {}, limits = {}, events = {}, nonces = 0 }
  local host = {
    now = function() return world.time end,
    clock = function() return world.time end,
    random = function() return world.random or 0 end,
    nonce = function()
      world.nonces = world.nonces + 1
      return "nonce-" .. world.nonces
    end,
    user_agent = "spec", allow_http = false,
    correct_clock = function() return false end,
    gate = function() return world.gate and world.gate() end,
    closed = function() return false end,
    emit = function(event) world.events[#world.events + 1] = event end,
    close = function() end,
  }
  function host.http(request, limits)
    world.sent[#world.sent + 1], world.limits[#world.limits + 1] = request, limits
    local got = assert(answer, "no request was expected")(request, limits, world)
    if got.lost then return nil, got.lost end
    return { status = got.status or 200, headers = got.headers or {}, body = got.body or "" }
  end
  return host, world
end

--- The source of `options` in such a world.
---@return dataworks.CredentialSource source
---@return table world
function M.source(options, getenv, answer)
  local host, world = M.host(answer)
  host.profile = options.profile
  return credentials.source(options, getenv, host), world
end

--- A date as the services write it.
function M.date(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", seconds)
end

--- What STS answers.
function M.assumed(id, expires)
  return { body = assert(core.encode { RequestId = "R", Credentials = {
    AccessKeyId = id, AccessKeySecret = id .. "-secret", SecurityToken = id .. "-token", Expiration = M.date(expires),
  } }) }
end

return M
