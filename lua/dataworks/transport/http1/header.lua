-- Checks names and values of HTTP headers.

local M = {}

local TOKEN = "^[%w!#$%%&'*+%-.^_`|~]+$"

-- The names that were checked before, with their lower-case forms. Programs use few names, so the cache saves most
-- checks.
local MAX_CACHED = 256
local cache, count = {}, 0

--- Returns the name of a header in lower case, or nil if HTTP does not allow the name.
function M.lower_name(name)
  local lower = cache[name]
  if not lower and name:find(TOKEN) then
    lower = name:lower()
    if count < MAX_CACHED then
      cache[name], count = lower, count + 1
    end
  end
  return lower
end

local SPACE, TAB, DELETE = (" "):byte(), ("\t"):byte(), 127

local function is_blank(byte)
  return byte == SPACE or byte == TAB
end

--- Returns the text from position `first` on, without leading and trailing spaces and tabs.
function M.trim(text, first)
  local last = #text
  while is_blank(text:byte(first)) do
    first = first + 1
  end
  while last >= first and is_blank(text:byte(last)) do
    last = last - 1
  end
  return text:sub(first, last)
end

--- Returns whether a text contains a control character other than a tab. A loop is faster than a pattern here, because
--- LuaJIT compiles loops, but not patterns.
function M.has_control(text)
  for i = 1, #text do
    local byte = text:byte(i)
    if byte < SPACE and byte ~= TAB or byte == DELETE then
      return true
    end
  end
  return false
end

return M
