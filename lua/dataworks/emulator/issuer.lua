-- Issues temporary credentials. The gateway accepts them until they expire.

local encoding = require "dataworks.emulator.encoding"
local tables = require "dataworks.util.tables"

local M = {}
M.__index = M

--- Creates an issuer. It passes each entry to `accept`, which adds the entry to the keys of the gateway.
function M.new(options)
  return setmetatable(tables.merge(options), M)
end

--- Issues credentials. If the setting credential_seconds is not 0, it replaces the requested lifetime.
---@param seconds number the requested lifetime
---@param account? string the account that owns the credentials
---@return table entry {access_key_id, access_key_secret, security_token, account, issued, expires}
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
