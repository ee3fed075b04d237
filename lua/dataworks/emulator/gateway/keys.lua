-- The access keys, security tokens and bearer tokens that the gateway accepts.

local M = {}
M.__index = M

--- The account of a key for which the settings name no account.
local DEFAULT_ACCOUNT = "1000000000000000"

--- Creates the set of accepted keys from a list of entries. An entry has either the form {access_key_id,
--- access_key_secret, security_token, expires, disabled, account} or the form {bearer_token, account}.
function M.new(list)
  local self = setmetatable({ issued = {} }, M)
  self:replace(list)
  return self
end

--- Adds an entry to three tables, which find an entry by its access key id, by its security token and by its bearer
--- token.
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

function M.account_of(entry)
  return entry.account or DEFAULT_ACCOUNT
end

--- Replaces the keys of the settings. Temporary keys that the emulator issued stay valid.
function M:replace(list)
  self.configured = list
  self.by_id, self.by_security_token, self.by_bearer_token = {}, {}, {}
  for _, entries in ipairs({ list, self.issued }) do
    for _, entry in ipairs(entries) do
      accept(self, entry)
    end
  end
end

--- Accepts temporary credentials that the emulator has issued.
function M:add_issued(entry)
  self.issued[#self.issued + 1] = entry
  accept(self, entry)
end

--- Refuses all temporary credentials that the emulator has issued.
function M:forget_issued()
  self.issued = {}
  self:replace(self.configured)
end

return M
