-- Runs shell scripts, and reads and writes files. The code that starts nginx uses these functions.

local M = {}

--- Quotes a text, so that the shell reads it as one word.
function M.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- Runs a script, and returns its standard output without the last line break.
function M.output_of(script)
  local pipe = assert(io.popen("exec 2>/dev/null\n" .. script, "r"))
  local text = pipe:read("*a")
  pipe:close()
  return (text:gsub("\n$", ""))
end

function M.exists(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

function M.write_file(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  file:close()
end

--- Returns the value of an environment variable.
---@return string|nil value nil if the variable is not set or empty
function M.environment(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

return M
