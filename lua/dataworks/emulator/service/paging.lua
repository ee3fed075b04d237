-- Pages of a list, by number and size.

local json = require "dataworks.emulator.json"

local M = {}

M.WRONG = "PageNumber and PageSize must be between 1 and 100"

--- The page that a call asks for, if there can be one.
---@param params table<string, string>
---@return {number: integer, size: integer, first: integer, last: integer}|nil
function M.read(params)
  local number, size = tonumber(params.PageNumber or "1"), tonumber(params.PageSize or "10")
  if number >= 1 and number <= 100 and size >= 1 and size <= 100 then
    return { number = number, size = size, first = (number - 1) * size + 1, last = number * size }
  end
end

local function by_number(a, b)
  return #a < #b or #a == #b and a < b
end

--- Those of a table by id that a function keeps, oldest first.
---@param map table<string, table>
---@param keep fun(one: table): boolean
---@return table[]
function M.select(map, keep)
  local ids, found = {}, {}
  for id, one in pairs(map) do
    ids[#ids + 1] = keep(one) and id or nil
  end
  table.sort(ids, by_number)
  for i, id in ipairs(ids) do
    found[i] = map[id]
  end
  return found
end

--- One page of a list, with what the provider puts around it.
---@param name string of the member that holds the list
---@param all table[]
---@param page table
---@param show fun(one: table): table
---@return table
function M.object(name, all, page, show)
  local shown = {}
  for i = page.first, math.min(page.last, #all) do
    shown[#shown + 1] = show(all[i])
  end
  return json.object("PageNumber", page.number, "PageSize", page.size, "TotalCount", #all, name, json.list(shown))
end

return M
