-- The key pairs, security tokens and bearer tokens that the gateway accepts.

local M = {}
M.__index = M

-- Every key belongs to this account, unless the settings name another.
local ACCOUNT = "1000000000000000"

---@param list table[] {access_key_id, access_key_secret, security_token, expires, disabled} or {bearer_token}; account
---@return table
function M.new(list)
  local self = setmetatable({ issued = {} }, M)
  self:replace(list)
  return self
end

local function accept(self, entry)
  if entry.bearer_token then
    self.by_bearer_token[entry.bearer_token] = entry
    return
  end
  self.by_id[entry.access_key_id] = entry
  if entry.security_token then
    self.by_security_token[entry.security_token] = entry
  end
end

---@param entry table
---@return string
function M.account_of(entry)
  return entry.account or ACCOUNT
end

--- Replaces the configured keys. Issued keys stay.
---@param list table[]
function M:replace(list)
  self.by_id, self.by_security_token, self.by_bearer_token = {}, {}, {}
  for _, entries in ipairs({ list, self.issued }) do
    for _, entry in ipairs(entries) do
      accept(self, entry)
    end
  end
end

--- Adds temporary credentials that the emulator issued.
---@param entry table
function M:add_issued(entry)
  self.issued[#self.issued + 1] = entry
  accept(self, entry)
end

return M
