-- Finds the known name that is most similar to a misspelt name.

local tables = require "dataworks.util.tables"

local M = {}

-- At most this many letters of a name are compared, because the time grows with the square of the length.
local MAX_LENGTH = 64

-- A message lists all known names only if they are at most this many.
local MAX_LISTED = 8

--- Returns how many letters must be inserted, dropped, changed or swapped with the next letter to change one name into
--- the other. Capital and small letters count as equal.
local function distance(a, b)
  a, b = a:sub(1, MAX_LENGTH):lower(), b:sub(1, MAX_LENGTH):lower()
  local row_before_last, last, row = {}, {}, {}
  for j = 0, #b do
    last[j] = j
  end
  for i = 1, #a do
    row[0] = i
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      row[j] = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same and 0 or 1))
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        row[j] = math.min(row[j], row_before_last[j - 2] + 1)
      end
    end
    row_before_last, last, row = last, row, row_before_last
  end
  return last[#b]
end

local function max_distance(name)
  return math.max(1, math.floor(#name / 3))
end

--- Returns the nearest known name. Returns nil if the names differ in more than a third of the letters.
---@param known table<string, any> a table whose keys are the known names
function M.find(wrong, known)
  if type(wrong) ~= "string" then
    return nil
  end
  local best, shortest
  for name in pairs(known) do
    -- The distance is at least the difference of the lengths.
    local steps = math.abs(math.min(#wrong, MAX_LENGTH) - #name) <= max_distance(name) and distance(wrong, name)
    if steps and (not shortest or steps < shortest or steps == shortest and name < best) then
      best, shortest = name, steps
    end
  end
  if best and shortest <= max_distance(best) then
    return best
  end
end

--- Returns the end of a message: "; did you mean NAME?", or "" if no known name is near enough.
function M.hint(wrong, known)
  local name = M.find(wrong, known)
  return name and ("; did you mean %s?"):format(name) or ""
end

--- Does the same as hint for a message that goes on with a new sentence: returns "; did you mean NAME?", or ".".
---@param wrong any
---@param known table<string, any>
---@return string
function M.hint_end(wrong, known)
  local hint = M.hint(wrong, known)
  return hint == "" and "." or hint
end

--- Returns all names, sorted and separated by commas, for a message.
function M.list(known)
  return table.concat(tables.sorted_keys(known), ", ")
end

--- Adds the nearest known name to the message of an error about an unknown name. If no name is near enough, adds all
--- known names, if they are few.
---@param err table the fields of an error; the core sets the field `known`
---@return table err
function M.explain(err)
  if err.known then
    local hint = M.hint(err.path:match "^.*%.([^.]*)$" or err.path, err.known)
    if hint == "" and #tables.sorted_keys(err.known) <= MAX_LISTED then
      hint = "; known are " .. M.list(err.known)
    end
    err.message = err.message .. hint
  end
  return err
end

return M
