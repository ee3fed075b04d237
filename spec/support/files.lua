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

return M
