-- Writes results to standard output: a table for people, one JSON document, or JSON Lines.

local core = require "dataworks.core"
local dataworks = require "dataworks"
local layout = require "dataworks.cli.json_layout"
local tables = require "dataworks.util.tables"
local texts = require "dataworks.util.text"
local width = require "dataworks.cli.width"

local M = {}

---@class dataworks.cli.Output
---@field format "table"|"json"|"jsonl"
---@field ids "number"|"string"
---@field file file*
---@field before fun() is called before a list or an object is written
local Output = {}
Output.__index = Output

-- Programs that read JSON numbers as doubles lose digits from this integer on.
local MAX_SAFE = 2 ^ 53

--- Returns the digits of an integer, or of a text that is an integer; nil for other values.
local function digits_of(value)
  if type(value) == "boolean" or core.is_null(value) then
    return nil
  end
  return (type(value) == "string" and value or core.encode(value) or ""):match "^%-?%d+$"
end

--- Returns a copy of a value in which ids have one type. As "string", each integer that is an id, or that a double
--- can't hold, is a string. As "number", an id that the numbers of this Lua can't hold, and that the reply therefore
--- holds as a string, is a number.
local function convert_ids(value, ids, name)
  if type(value) == "table" then
    local copy = setmetatable({}, getmetatable(value))
    for key, item in pairs(value) do
      copy[key] = convert_ids(item, ids, type(key) == "string" and key or name)
    end
    return copy
  end
  local digits = digits_of(value)
  local is_id = digits and name and name:find "Ids?$"
  if ids == "string" and digits and type(value) ~= "string" then
    return (is_id or math.abs(tonumber(digits)) >= MAX_SAFE) and digits or value
  elseif ids == "number" and is_id and type(value) == "string" and math.abs(tonumber(digits)) >= MAX_SAFE then
    return (dataworks.decode(digits))
  end
  return value
end

--- Returns the text of a value in a cell of a table.
local function cell(value)
  if value == nil or core.is_null(value) then
    return ""
  elseif type(value) == "string" then
    return texts.escape(value)
  end
  return texts.escape((core.encode(value, true)))
end

--- Writes JSON text of a value: laid out for one document, or as one line.
function Output:json(value, as_line)
  local text, err = core.encode(convert_ids(value, self.ids), true)
  if not text then
    error(err.message, 0)
  end
  self:write((as_line and text or layout(text)) .. "\n")
end

local EPIPE = 32

--- Writes a text. Ends the command when nobody reads its output any more, or when the output cannot be written.
function Output:write(text)
  local ok, message, code = self.file:write(text)
  if ok then
    ok, message, code = self.file:flush()
  end
  if not ok then
    error({ closed_pipe = code == EPIPE, status = 1, lines = { "standard output: " .. tostring(message) } })
  end
end

--- Writes a table. Each row is a list of values, in the order of the column names.
---@param columns string[]
---@param rows any[][]
function Output:table(columns, rows)
  local widths, lines = {}, { columns }
  for i, row in ipairs(rows) do
    local line = {}
    for c = 1, #columns do
      line[c] = cell(row[c])
    end
    lines[i + 1] = line
  end
  for _, line in ipairs(lines) do
    for c, text in ipairs(line) do
      widths[c] = math.max(widths[c] or 0, width.of(text))
    end
  end
  for _, line in ipairs(lines) do
    local padded = {}
    for c, text in ipairs(line) do
      padded[c] = c == #columns and text or width.pad(text, widths[c])
    end
    self:write(texts.trim_end(table.concat(padded, "  ")) .. "\n")
  end
end

--- Returns the names of all members of the items that are objects, in the order of the alphabet.
local function columns_of(items)
  local names = {}
  for _, item in ipairs(items) do
    for name in pairs(item) do
      names[name] = true
    end
  end
  return tables.sorted_keys(names)
end

--- Writes a list of objects in the chosen format. A table has the given columns, by default all members.
---@param items table[]
---@param columns? string[]
function Output:list(items, columns)
  self.before()
  if self.format == "jsonl" then
    for _, item in ipairs(items) do
      self:json(item, true)
    end
  elseif self.format == "json" then
    self:json(dataworks.list(items))
  else
    local rows = {}
    columns = columns or columns_of(items)
    for i, item in ipairs(items) do
      rows[i] = {}
      for c, name in ipairs(columns) do
        rows[i][c] = item[name]
      end
    end
    self:table(columns, rows)
  end
end

--- Appends a row for each member of an object; the members of inner objects have names like "Data.FileId".
local function flatten(object, prefix, rows)
  for _, name in ipairs(tables.sorted_keys(object)) do
    local value = object[name]
    if type(value) == "table" and type(next(value)) == "string" then
      flatten(value, prefix .. name .. ".", rows)
    else
      rows[#rows + 1] = { prefix .. name, value }
    end
  end
end

--- Writes one object in the chosen format. A table has a row for each member.
---@param object table
function Output:object(object)
  self.before()
  if self.format ~= "table" then
    return self:json(object, self.format == "jsonl")
  end
  local rows = {}
  flatten(object, "", rows)
  self:table({ "NAME", "VALUE" }, rows)
end

---@param file file*
---@param format "table"|"json"|"jsonl"
---@param ids "number"|"string"
---@param before? fun() makes the terminal ready for a list or an object
---@return dataworks.cli.Output
function M.new(file, format, ids, before)
  return setmetatable({ file = file, format = format, ids = ids, before = before or function() end }, Output)
end

return M
