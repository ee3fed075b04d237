-- Finds Lua patterns that take more than linear time: lua5.4 tools/patterns.lua [FILE...]
--
-- Without arguments it reads all files of lua/, examples/ and bin/. If a pattern that it reports takes linear time on
-- all texts that are really matched, write the reason in a comment after the call: `-- linear: the text ends with a
-- comma`. A computed pattern needs such a reason too.

local M = {}

-- Patterns
--
-- A match takes more than linear time if two repeated classes can match the same run of bytes, divided between them in
-- many ways, and the match can still fail after them. A pattern without ^ counts as if it began with a repeated class,
-- because it is tried at each byte.

---@class PatternItem
---@field kind "one"|"optional"|"repeat"|"frontier"
---@field bytes table<integer, boolean>

local MAX_OPTIONAL = 4

--- Returns which bytes a class matches.
local function bytes_of(class)
  local bytes = {}
  for byte = 0, 255 do
    bytes[byte] = string.char(byte):find("^" .. class) ~= nil -- linear: one byte
  end
  return bytes
end

local EVERY_BYTE = bytes_of "."

--- Returns the last position of the class at `at`, without its suffix.
local function class_end(pattern, at)
  local first = pattern:sub(at, at)
  if first == "%" then
    return at + 1
  elseif first ~= "[" then
    return at
  end
  at = pattern:sub(at + 1, at + 1) == "^" and at + 2 or at + 1
  repeat
    at = at + (pattern:sub(at, at) == "%" and 2 or 1)
  until at > #pattern or pattern:sub(at, at) == "]"
  return at
end

local KINDS = { ["*"] = "repeat", ["-"] = "repeat", ["?"] = "optional" }

--- Adds the class at `at` with its suffix to the items, and returns the position after the suffix.
local function add_class(items, pattern, at)
  local last = class_end(pattern, at)
  local bytes, suffix = bytes_of(pattern:sub(at, last)), pattern:sub(last + 1, last + 1)
  if suffix == "+" then
    items[#items + 1] = { kind = "one", bytes = bytes }
    items[#items + 1] = { kind = "repeat", bytes = bytes }
    return last + 2
  end
  items[#items + 1] = { kind = KINDS[suffix] or "one", bytes = bytes }
  return last + (KINDS[suffix] and 2 or 1)
end

--- Adds the pattern item %bxy as three items: x, a repeated class of all bytes, and y. The second item stands for the
--- search for y, which may read to the end of the text.
local function add_balanced(items, pattern, at)
  items[#items + 1] = { kind = "one", bytes = { [pattern:byte(at + 2)] = true } }
  items[#items + 1] = { kind = "repeat", bytes = EVERY_BYTE }
  items[#items + 1] = { kind = "one", bytes = { [pattern:byte(at + 3)] = true } }
  return at + 4
end

--- Splits a pattern into items.
---@param pattern string
---@param is_anchored boolean
---@return PatternItem[] items
---@return boolean ends_with_anchor
local function parse(pattern, is_anchored)
  local at, items = 1, {}
  if is_anchored then
    at = 2
  else
    items[1] = { kind = "repeat", bytes = EVERY_BYTE }
  end
  while at <= #pattern do
    local two = pattern:sub(at, at + 1)
    if two:find "^[()]" then
      at = at + 1
    elseif two == "%b" then
      at = add_balanced(items, pattern, at)
    elseif two == "%f" then
      local last = class_end(pattern, at + 2)
      items[#items + 1], at = { kind = "frontier", bytes = bytes_of(pattern:sub(at + 2, last)) }, last + 1
    elseif pattern:sub(at) == "$" then
      return items, true
    else
      at = add_class(items, pattern, at)
    end
  end
  return items, false
end

--- Returns the bytes that are in both sets.
local function intersect(one, other)
  local shared = {}
  for byte = 0, 255 do
    shared[byte] = one[byte] and other[byte] or nil
  end
  return shared
end

local function matches_every_byte(item)
  for byte = 0, 255 do
    if not item.bytes[byte] then
      return false
    end
  end
  return item.kind == "repeat"
end

--- Can the item, which is between two repeated classes, match inside a run of these bytes?
local function can_pass(item, run)
  local inside = intersect(run, item.bytes)
  if item.kind == "frontier" then
    for byte in pairs(run) do
      if not inside[byte] then
        return next(inside) ~= nil
      end
    end
    return false
  end
  return item.kind ~= "one" or next(inside) ~= nil
end

--- Can the match fail after the repeated class at `from`?
local function may_fail(items, from, ends_with_anchor)
  local takes_all = false
  for i = from, #items do
    if i > from and (items[i].kind == "one" or items[i].kind == "frontier") then
      return true
    end
    takes_all = takes_all or matches_every_byte(items[i])
  end
  return ends_with_anchor and not takes_all
end

local START = "it has no ^, so that it is tried at each byte, and each time a repeated class reads on"
local SHARED = "two repeated classes can match the same bytes, which are divided between them in every possible way"
local OPTIONAL = "many optional items can match the same bytes, and are tried in every combination"
local BACK_REFERENCE = "a back reference compares a whole capture at each try"

--- Can a later repeated class match the same run of bytes as the repeated class at `first`?
local function find_shared(items, first, ends_with_anchor)
  for last = first + 1, #items do
    local run = intersect(items[first].bytes, items[last].bytes)
    if items[last].kind == "repeat" and next(run) and may_fail(items, last, ends_with_anchor) then
      local passes = true
      for between = first + 1, last - 1 do
        passes = passes and can_pass(items[between], run)
      end
      if passes then
        return true
      end
    end
  end
  return false
end

--- Are there more than MAX_OPTIONAL optional items in a row that can match the same bytes?
local function has_many_optional(items)
  local count, before = 0, nil
  for _, item in ipairs(items) do
    local goes_on = item.kind == "optional" and (not before or next(intersect(before.bytes, item.bytes)))
    count, before = goes_on and count + 1 or item.kind == "optional" and 1 or 0, item.kind == "optional" and item or nil
    if count > MAX_OPTIONAL then
      return true
    end
  end
  return false
end

--- Returns the reason why a pattern takes more than linear time; nil if it takes linear time.
---@param pattern string
---@param never_anchored? boolean true for a pattern of gmatch, in which ^ is not an anchor
---@return string|nil
function M.fault(pattern, never_anchored)
  local is_anchored = pattern:sub(1, 1) == "^" and not never_anchored
  if pattern:gsub("%%%%", ""):find "%%[1-9]" then
    return BACK_REFERENCE
  end
  local ok, items, ends_with_anchor = pcall(parse, pattern, is_anchored)
  if not ok then
    return "it is malformed"
  elseif has_many_optional(items) then
    return OPTIONAL
  end
  for i, item in ipairs(items) do
    if item.kind == "repeat" and find_shared(items, i, ends_with_anchor) then
      return i == 1 and not is_anchored and START or SHARED
    end
  end
end

-- Files

--- Reads a file, and returns one line for each pattern that takes more than linear time, and for each reason that no
--- pattern needs.
---@param path string
---@return string[] faults
function M.check(path)
  local constants = require "tools.lua_constants"
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  local reasons, number, faults = {}, 0, {}
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do -- linear: the text ends with a line break
    number = number + 1
    reasons[number] = line:find "%-%- linear: %S" and "unused" or nil
  end
  constants.each_pattern(text, function(line, pattern, name)
    local fault = not pattern and "it is computed; write it as a constant of this file"
      or M.fault(pattern.text, name == "gmatch")
    local marked = reasons[line] and line or pattern and reasons[pattern.line] and pattern.line
    if fault and marked then
      reasons[marked] = "used"
    elseif fault then
      faults[#faults + 1] = { line = line, text = ("%s:%d: the pattern%s: %s"):format(path, line,
        pattern and (" %q"):format(pattern.text) or "", fault) }
    end
  end)
  for line, state in pairs(reasons) do
    if state == "unused" then
      faults[#faults + 1] = { line = line, text = ("%s:%d: no pattern here needs the reason"):format(path, line) }
    end
  end
  table.sort(faults, function(a, b) return a.line < b.line end)
  for i, fault in ipairs(faults) do
    faults[i] = fault.text
  end
  return faults
end

--- Lists the files that are read when the command has no arguments.
local function list_files()
  local pipe, paths = assert(io.popen "find lua examples bin -name '*.lua' -o -path bin/dataworks | LC_ALL=C sort"), {}
  for path in pipe:lines() do
    paths[#paths + 1] = path
  end
  pipe:close()
  return paths
end

--- Writes all faults to stderr, and returns the exit status.
local function main(paths)
  local count = 0
  for _, path in ipairs(paths) do
    for _, fault in ipairs(M.check(path)) do
      io.stderr:write(fault, "\n")
      count = count + 1
    end
  end
  return count == 0 and 0 or 1
end

if arg and arg[0] and arg[0]:find "patterns%.lua$" then
  os.exit(main(arg[1] and arg or list_files()))
end

return M
