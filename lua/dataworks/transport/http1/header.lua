-- Checks names and values of HTTP headers.

local M = {}

local TOKEN = "^[%w!#$%%&'*+%-.^_`|~]+$"

-- Programs use few names: the cache saves most of the checks.
local MAX_CACHED = 256
local cache, count = {}, 0

---@param name string
---@return string|nil lower the name in lower case; nil when HTTP does not allow it
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

--- The text from `first` on, without blanks around it.
---@param text string
---@param first integer
---@return string
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

--- A loop, because LuaJIT compiles loops but no patterns.
---@param text string
---@return boolean
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
