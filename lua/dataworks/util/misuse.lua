-- Raises a mistake in the use of this library at the first stack frame outside of it.

local MODULE = "util/misuse.lua"

local source = debug.getinfo(1, "S").source
local folder = source:sub(-#MODULE) == MODULE and source:sub(1, -#MODULE - 1)
local front_door = folder and folder:gsub("/$", "") .. ".lua"

--- A tail call and a function of C have no line of Lua.
local function is_outside(frame)
  local from = frame.source
  return frame.what ~= "C" and frame.what ~= "tail" and from ~= front_door and from:sub(1, #folder) ~= folder
end

--- Without a source name, as in stripped bytecode, the message has no position.
local function find_level()
  local level = folder and 3
  while level do
    local frame = debug.getinfo(level, "S")
    if not frame then
      return 0
    elseif is_outside(frame) then
      return level - 1
    end
    level = level + 1
  end
  return 0
end

---@param message string
return function(message)
  error(message, find_level())
end
