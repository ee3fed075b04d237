-- Reads environment variables. The official names are read first, then the other spellings that the CLI accepts.

local M = {}

local PREFIXES = { "ALIBABA_CLOUD_", "ALIBABACLOUD_", "ALICLOUD_" }

--- Returns the value of a variable, which can have any of its prefixes.
---@param name string the name without its prefix
function M.any(getenv, name)
  for _, prefix in ipairs(PREFIXES) do
    local value = getenv(prefix .. name)
    if value then
      return value
    end
  end
end

--- Returns a field, or else the value of the variable with the same name. For example, the field role_arn corresponds
--- to the variable ALIBABA_CLOUD_ROLE_ARN.
function M.field(fields, name, getenv)
  return fields[name] or M.any(getenv, name:upper())
end

--- Returns the region that the environment names.
function M.region(getenv)
  return M.any(getenv, "REGION_ID") or getenv "REGION_ID" or getenv "REGION"
end

--- Returns whether a variable has the value "true" or "1".
---@param name string the name with its prefix
function M.is_on(getenv, name)
  local value = (getenv(name) or ""):lower()
  return value == "true" or value == "1"
end

--- Returns whether the environment forbids two things: running programs, and sending requests to the URI in a file.
function M.forbids_external(getenv)
  return M.is_on(getenv, "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS")
end

return M
