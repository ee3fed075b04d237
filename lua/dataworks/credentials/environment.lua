-- Credentials from the environment.

local M = {}

local ID, SECRET = "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"
local TOKEN = "ALIBABA_CLOUD_SECURITY_TOKEN"

---@param getenv fun(name: string): string|nil
---@return dataworks.Credentials|nil
---@return string|nil reason why there are none
function M.find(getenv)
  local function value(name)
    local text = getenv(name)
    return text ~= "" and text or nil
  end
  local id, secret = value(ID), value(SECRET)
  if not id then
    return nil, ID .. " is not set"
  elseif not secret then
    return nil, SECRET .. " is not set"
  end
  return { access_key_id = id, access_key_secret = secret, security_token = value(TOKEN) }
end

return M
