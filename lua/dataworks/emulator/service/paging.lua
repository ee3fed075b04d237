-- Selects entries, and returns one page of a list.

local json = require "dataworks.emulator.json"

local M = {}

--- Returns the entries that match, in the order of their ids, which is the order of their creation.
---@param entries table<string, table> entries by id
---@param matches fun(entry: table): boolean
---@return table[]
function M.select(entries, matches)
  local ids, found = {}, {}
  for id, entry in pairs(entries) do
    ids[#ids + 1] = matches(entry) and id or nil
  end
  table.sort(ids, function(a, b) return #a < #b or #a == #b and a < b end) -- in numerical order
  for i, id in ipairs(ids) do
    found[i] = entries[id]
  end
  return found
end

--- Returns the entries of one page as a JSON list.
---@param all table[]
---@param page {number: integer, size: integer}
---@param show fun(entry: table): table converts an entry to the form of the reply
---@return table
function M.items(all, page, show)
  local shown = {}
  for i = (page.number - 1) * page.size + 1, math.min(page.number * page.size, #all) do
    shown[#shown + 1] = show(all[i])
  end
  return json.list(shown)
end

--- Returns a JSON object with one page of a list, the number and the size of the page, and the length of the whole
--- list.
---@param name string the name of the member that holds the page
---@param all table[]
---@param page {number: integer, size: integer}
---@param show fun(entry: table): table converts an entry to the form of the reply
---@return table
function M.object(name, all, page, show)
  return json.object("PageNumber", page.number, "PageSize", page.size, "TotalCount", #all,
    name, M.items(all, page, show))
end

return M
