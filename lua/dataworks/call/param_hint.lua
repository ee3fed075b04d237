-- Completes the message about an unknown parameter.

local catalog = require "dataworks.api.catalog"
local nearest = require "dataworks.util.nearest"

-- The options of a call, which are often written among its parameters.
local OPTIONS = { timeout = true, retries = true, version = true, unchecked = true, method = true, location = true }

local function has_param(row, name)
  for _, param in ipairs(row and row.params or {}) do
    if param[1] == name then
      return true
    end
  end
  return false
end

--- Returns the other version of an action, if it has the parameter. The error must not depend on whether the table of
--- that version can be loaded.
local function other_version(row, name)
  for _, version in ipairs(catalog.versions) do
    local ok, other = pcall(catalog.find, row.name, version)
    if ok and version ~= row.version and has_param(other, name) then
      return version
    end
  end
end

---@param row dataworks.Action
---@param err table the fields of an error of the core; its field `known` lists the known parameters, or the known keys
--- of a script
---@return table err
return function(row, err)
  if not err.known then
    return err
  elseif OPTIONS[err.path] then
    err.message = err.message .. "; it is an option: put it into a second table, after the parameters"
    return err
  end
  local version = other_version(row, err.path)
  if version then
    err.message = ("%s in version %s; version %s has it"):format(err.message, row.version, version)
    return err
  end
  return nearest.explain(err)
end
