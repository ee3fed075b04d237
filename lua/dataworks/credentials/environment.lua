-- Credentials from the environment.

local M = {}

local function value(getenv, name)
  local text = getenv(name)
  return text ~= "" and text or nil
end

---@param getenv fun(name: string): string|nil
---@return dataworks.Credentials|nil
---@return string|nil reason
function M.find(getenv)
  local id = value(getenv, "ALIBABA_CLOUD_ACCESS_KEY_ID")
  local secret = value(getenv, "ALIBABA_CLOUD_ACCESS_KEY_SECRET")
  if not id then return nil, "ALIBABA_CLOUD_ACCESS_KEY_ID is not set" end
  if not secret then return nil, "ALIBABA_CLOUD_ACCESS_KEY_SECRET is not set" end
  return { access_key_id = id, access_key_secret = secret, security_token = value(getenv, "ALIBABA_CLOUD_SECURITY_TOKEN") }
end

return M
