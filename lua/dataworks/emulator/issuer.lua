-- Temporary credentials: made here, and known to the gateway from then on.

local M = {}
M.__index = M

local function hex(raw)
  return (raw:gsub(".", function(char)
    return ("%02x"):format(char:byte())
  end))
end

---@param options {now: fun(): number, random: fun(count: integer): string, settings: table, accept: fun(entry: table)}
---@return table
function M.new(options)
  return setmetatable({
    now = options.now, random = options.random, settings = options.settings, accept = options.accept,
  }, M)
end

--- Credentials that last as long as was asked, unless a setting says another time.
---@param seconds number
---@return table
function M:issue(seconds)
  if self.settings.credential_seconds > 0 then
    seconds = self.settings.credential_seconds
  end
  local entry = {
    access_key_id = "STS." .. hex(self.random(8)),
    access_key_secret = hex(self.random(16)),
    security_token = "emulator+" .. hex(self.random(24)) .. "/==",
    issued = self.now(),
    expires = math.floor(self.now()) + seconds,
  }
  self.accept(entry)
  return entry
end

--- The date as these services write it.
---@param seconds number
---@return string
function M.date(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(seconds))
end

return M
