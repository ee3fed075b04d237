-- Environment variables: the official names first, then the aliases that the CLI takes.

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

---@param getenv fun(name: string): string|nil
---@return string|nil
function M.region(getenv)
  return M.any(getenv, "REGION_ID") or getenv "REGION_ID" or getenv "REGION"
end

---@param getenv fun(name: string): string|nil
---@param name string whole
---@return boolean
function M.is_on(getenv, name)
  local value = (getenv(name) or ""):lower()
  return value == "true" or value == "1"
end

--- May commands be run, and URIs from a file be asked?
---@param getenv fun(name: string): string|nil
---@return boolean
function M.no_external(getenv)
  return M.is_on(getenv, "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS")
end

return M
