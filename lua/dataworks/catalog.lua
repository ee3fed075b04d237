-- Finds an action by its documented name.

local actions = require "dataworks.actions"
local nearest = require "dataworks.nearest"

local M = {}

---@param name any
---@return dataworks.Action|nil
function M.find(name)
  return actions[name]
end

--- The end of a sentence about an unknown name.
---@param name any
---@return string
function M.hint(name)
  return nearest.hint(name, actions)
end

--- Every name, as the keys of a table.
---@return table<string, dataworks.Action>
function M.names()
  return actions
end

return M
