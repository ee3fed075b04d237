-- Pages of a list, by number and size.

local json = require "dataworks.emulator.json"

local M = {}

--- The entries of a table by id that match, oldest first.
---@param entries table<string, table>
---@param matches fun(entry: table): boolean
---@return table[]
function M.select(entries, matches)
  local ids, found = {}, {}
  for id, entry in pairs(entries) do
    ids[#ids + 1] = matches(entry) and id or nil
  end
  table.sort(ids, function(a, b) return #a < #b or #a == #b and a < b end) -- as numbers
  for i, id in ipairs(ids) do
    found[i] = entries[id]
  end
  return found
end

--- One page of a list as a JSON list.
---@param all table[]
---@param page {number: integer, size: integer}
---@param show fun(entry: table): table
---@return table
function M.items(all, page, show)
  local shown = {}
  for i = (page.number - 1) * page.size + 1, math.min(page.number * page.size, #all) do
    shown[#shown + 1] = show(all[i])
  end
  return json.list(shown)
end

--- One page of a list with its number, its size and the length of the list.
---@param name string of the member that holds the list
---@param all table[]
---@param page {number: integer, size: integer}
---@param show fun(entry: table): table
---@return table
function M.object(name, all, page, show)
  return json.object("PageNumber", page.number, "PageSize", page.size, "TotalCount", #all,
    name, M.items(all, page, show))
end

return M
