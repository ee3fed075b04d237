-- Environment variables: the official names first, then the other spellings that the CLI accepts.

local M = {}

local PREFIXES = { "ALIBABA_CLOUD_", "ALIBABACLOUD_", "ALICLOUD_" }

--- A variable under any of its prefixes.
---@param getenv fun(name: string): string|nil
---@param name string without its prefix
---@return string|nil
function M.any(getenv, name)
  for _, prefix in ipairs(PREFIXES) do
    local value = getenv(prefix .. name)
    if value then
      return value
    end
  end
end

--- A field, or else the variable of the same name: role_arn, or ALIBABA_CLOUD_ROLE_ARN.
---@param fields table
---@param name string
---@param getenv fun(name: string): string|nil
---@return string|nil
function M.field(fields, name, getenv)
  return fields[name] or M.any(getenv, name:upper())
end

---@param getenv fun(name: string): string|nil
---@return string|nil
function M.region(getenv)
  return M.any(getenv, "REGION_ID") or getenv "REGION_ID" or getenv "REGION"
end

---@param getenv fun(name: string): string|nil
---@param name string with its prefix
---@return boolean
function M.is_on(getenv, name)
  local value = (getenv(name) or ""):lower()
  return value == "true" or value == "1"
end

--- Does the environment forbid running programs, and requests to the URI in a file?
---@param getenv fun(name: string): string|nil
---@return boolean
function M.forbids_external(getenv)
  return M.is_on(getenv, "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS")
end

return M
