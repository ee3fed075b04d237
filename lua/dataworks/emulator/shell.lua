-- The shell and files, for starting nginx.

local M = {}

--- A text as one word for the shell.
---@param text string
---@return string
function M.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- The standard output of a script, without the last line break.
---@param script string
---@return string
function M.output_of(script)
  local pipe = assert(io.popen("exec 2>/dev/null\n" .. script, "r"))
  local text = pipe:read("*a")
  pipe:close()
  return (text:gsub("\n$", ""))
end

---@param path string
---@return boolean
function M.exists(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

---@param path string
---@param text string
function M.write_file(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  file:close()
end

--- A variable of the environment; nil when it is empty.
---@param name string
---@return string|nil
function M.environment(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

return M
