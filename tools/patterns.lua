-- Finds patterns of Lua that take more than linear time: lua5.4 tools/patterns.lua [FILE...]
--
-- Two kinds are refused. A pattern without ^ that begins with a repeated class starts over at every byte of a run. Two
-- neighbouring repeated classes that match the same bytes divide a run in every possible way before the match fails.

local M = {}

local MATCHERS = { match = true, find = true, gmatch = true, gsub = true }

-- Reading a pattern

---@class PatternItem
---@field bytes table<integer, boolean>|false that one character matches; false: %b and %f
---@field repeats boolean it has *, + or -
---@field optional boolean it may match nothing

local function bytes_of(class)
  local bytes = {}
  for byte = 0, 255 do
    bytes[byte] = string.char(byte):find("^" .. class) ~= nil
  end
  return bytes
end

--- The end of the single character class at `at`.
local function class_end(pattern, at)
  local first = pattern:sub(at, at)
  if first == "%" then
    return at + 1
  elseif first ~= "[" then
    return at
  end
  at = at + 1
  if pattern:sub(at, at) == "^" then
    at = at + 1
  end
  repeat
    at = at + (pattern:sub(at, at) == "%" and 2 or 1)
  until at > #pattern or pattern:sub(at, at) == "]"
  return at
end

---@param pattern string
---@return PatternItem[]|nil nil when it is no pattern
---@return boolean anchored
---@return boolean ends_with_anchor
function M.parse(pattern)
  local anchored = pattern:sub(1, 1) == "^"
  local at, items = anchored and 2 or 1, {}
  while at <= #pattern do
    local two = pattern:sub(at, at + 1)
    if pattern:find("^[()]", at) then
      at = at + 1
    elseif two == "%b" then
      items[#items + 1], at = { bytes = false, repeats = false, optional = false }, at + 4
    elseif two == "%f" then
      items[#items + 1], at = { bytes = false, repeats = false, optional = true }, class_end(pattern, at + 2) + 1
    elseif pattern:sub(at) == "$" then
      return items, anchored, true
    else
      local last = class_end(pattern, at)
      local class, suffix = pattern:sub(at, last), pattern:sub(last + 1, last + 1)
      local ok, bytes = pcall(bytes_of, class)
      if not ok then
        return nil, false, false
      end
      local repeats = suffix:find "^[*+-]" ~= nil
      items[#items + 1] = { bytes = bytes, repeats = repeats, optional = suffix:find "^[*?-]" ~= nil }
      at = last + ((repeats or suffix == "?") and 2 or 1)
    end
  end
  return items, anchored, false
end

local function next_missing(bytes)
  for byte = 0, 255 do
    if not bytes[byte] then
      return byte
    end
  end
end

local function overlap(one, other)
  for byte = 0, 255 do
    if one.bytes[byte] and other.bytes[byte] then
      return true
    end
  end
  return false
end

local function matches_every_byte(item)
  return item and item.repeats and item.optional and item.bytes and not next_missing(item.bytes)
end

--- Can anything from `from` on fail to match?
local function may_fail(items, from, ends_with_anchor)
  for i = from, #items do
    if not items[i].optional then
      return true
    end
  end
  return ends_with_anchor and not matches_every_byte(items[#items])
end

--- Why a pattern takes more than linear time; nil when it does not.
---@param pattern string
---@return string|nil
function M.fault(pattern)
  local items, anchored, ends_with_anchor = M.parse(pattern)
  if not items then
    return nil
  end
  local first = items[1]
  if not anchored and first and first.repeats and may_fail(items, 2, ends_with_anchor) then
    return "without ^ it begins with a repeated class, and starts over at every byte of a run"
  end
  for i, item in ipairs(items) do
    local next_one = i + 1
    while item.repeats and items[next_one] and item.bytes and items[next_one].bytes do
      local other = items[next_one]
      if other.repeats and overlap(item, other) and may_fail(items, next_one + 1, ends_with_anchor) then
        return "two neighbouring repeated classes match the same bytes, and divide a run in every possible way"
      elseif not other.optional then
        break
      end
      next_one = next_one + 1
    end
  end
end

-- Reading a file

local ESCAPES = { n = "\n", r = "\r", t = "\t", ["0"] = "\0" }

local function unquote(text)
  return (text:gsub("\\(%d%d?%d?)", function(digits) return string.char(tonumber(digits)) end)
    :gsub("\\(.)", function(char) return ESCAPES[char] or char end))
end

local QUOTED = { "\"([^\"\n]*)\"", "'([^'\n]*)'" }

--- Strings that a matching function gets as its pattern, and constants in upper case that may be one.
local function patterns_of(line, add)
  for name, rest in line:gmatch("[%.:](%a+)()") do
    if MATCHERS[name] then
      local tail = line:sub(rest):gsub("^%s*%(?%s*", "", 1)
      for _, quoted in ipairs(QUOTED) do
        local pattern, plain = tail:match("^" .. quoted .. "(,? ?%d*,? ?%a*)")
        if not pattern then
          pattern, plain = tail:match("^[%w_.]+,%s*" .. quoted .. "(,? ?%d*,? ?%a*)")
        end
        if pattern and plain ~= ", 1, true" then
          add(unquote(pattern))
        end
      end
    end
  end
  for _, quoted in ipairs(QUOTED) do
    local pattern = line:match("^local [%u_%d]+ = " .. quoted)
    if pattern then
      add(unquote(pattern))
    end
  end
end

---@param file string
---@return string[] faults
function M.check(file)
  local faults, number = {}, 0
  for line in io.lines(file) do
    number = number + 1
    patterns_of(line, function(pattern)
      local fault = M.fault(pattern)
      if fault and not line:find("-- linear: ", 1, true) then
        faults[#faults + 1] = ("%s:%d: the pattern %q: %s"):format(file, number, pattern, fault)
      end
    end)
  end
  return faults
end

local function main(files)
  local count = 0
  for _, file in ipairs(files) do
    for _, fault in ipairs(M.check(file)) do
      print(fault)
      count = count + 1
    end
  end
  return count == 0 and 0 or 1
end

if arg and arg[0] and arg[0]:find("patterns%.lua$") then
  os.exit(main(arg))
end

return M
