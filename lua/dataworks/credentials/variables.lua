-- Reads environment variables. Tries the official prefix of a name first, then the other prefixes that the CLI accepts.

local M = {}

local PREFIXES = { "ALIBABA_CLOUD_", "ALIBABACLOUD_", "ALICLOUD_" }

--- Returns the value of a variable with the first prefix under which the variable is set.
---@param getenv fun(name: string): string|nil
---@param name string the name without a prefix
---@return string|nil
function M.any(getenv, name)
  for _, prefix in ipairs(PREFIXES) do
    local value = getenv(prefix .. name)
    if value then
      return value
    end
  end
end

--- Returns a field, or else the variable of the same name. For the field role_arn, that is ALIBABA_CLOUD_ROLE_ARN.
---@param fields table
---@param name string
---@param getenv fun(name: string): string|nil
---@return string|nil
function M.field(fields, name, getenv)
  return fields[name] or M.any(getenv, name:upper())
end

--- Returns the region that the environment names.
---@param getenv fun(name: string): string|nil
---@return string|nil
function M.region(getenv)
  return M.any(getenv, "REGION_ID") or getenv "REGION_ID" or getenv "REGION"
end

--- Returns whether a variable has the value "true" or "1".
---@param getenv fun(name: string): string|nil
---@param name string the name with its prefix
---@return boolean
function M.is_on(getenv, name)
  local value = (getenv(name) or ""):lower()
  return value == "true" or value == "1"
end

--- Returns whether the environment forbids running programs and sending requests to a URI that a file names.
---@param getenv fun(name: string): string|nil
---@return boolean
function M.forbids_external(getenv)
  return M.is_on(getenv, "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS")
end

return M
