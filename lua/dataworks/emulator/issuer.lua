-- Issues temporary credentials, which the gateway accepts from then on.

local encoding = require "dataworks.emulator.encoding"
local tables = require "dataworks.util.tables"

local M = {}
M.__index = M

---@param options {now: (fun(): number), random: (fun(count: integer): string), settings: table, accept: function}
---@return table
function M.new(options)
  return setmetatable(tables.merge(options), M)
end

--- Issues credentials. The setting credential_seconds takes precedence over the requested duration.
---@param seconds number
---@param account? string that they belong to
---@return table
function M:issue(seconds, account)
  if self.settings.credential_seconds > 0 then
    seconds = self.settings.credential_seconds
  end
  local now = self.now()
  local entry = {
    access_key_id = "STS." .. encoding.hex(self.random(8)),
    access_key_secret = encoding.hex(self.random(16)),
    security_token = "emulator+" .. encoding.hex(self.random(24)) .. "/==",
    account = account,
    issued = now,
    expires = math.floor(now) + seconds,
  }
  self.accept(entry)
  return entry
end

return M
