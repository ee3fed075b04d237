-- Raises an error about a wrong use of this library. The error names the line of the program that called the library.

local MODULE = "util/misuse.lua"

local source = debug.getinfo(1, "S").source
local folder = source:sub(-#MODULE) == MODULE and source:sub(1, -#MODULE - 1)
local main_module = folder and folder:gsub("/$", "") .. ".lua"

--- Returns whether a stack frame is a Lua function outside of the library. A tail call and a C function have no line
--- that a message could name.
local function is_outside(frame)
  local from = frame.source
  return frame.what ~= "C" and frame.what ~= "tail" and from ~= main_module and from:sub(1, #folder) ~= folder
end

--- Finds the first stack frame outside of the library, and returns its level for the function `error`. Returns 0 if
--- there is no such frame, or if stripped bytecode has no source names; the message then names no line.
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

--- Raises an error.
return function(message)
  error(message, find_level())
end
