-- Reads and writes whole files.

local cjson = require "cjson"

local M = {}

--- Returns the text of a file.
---@param path string
---@return string
function M.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

---@param path string
---@param text string
function M.write(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  file:close()
end

--- Returns the decoded JSON of a file.
function M.json(path)
  return cjson.decode(M.read(path))
end

--- Calls fn(...). Returns how many of the files that it opened are still open.
function M.count_left_open(fn, ...)
  local open, opened, left = io.open, {}, 0
  -- luacheck: push ignore 122
  io.open = function(...)
    local file, message, code = open(...)
    opened[#opened + 1] = file
    return file, message, code
  end
  local ok, err = pcall(fn, ...)
  io.open = open
  -- luacheck: pop
  assert(ok, err)
  for _, file in ipairs(opened) do
    left = left + (io.type(file) == "file" and 1 or 0)
  end
  assert(#opened > 0, "no file was opened")
  return left
end

return M
