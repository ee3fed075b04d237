-- Packs the inputs of a fuzz target into one text file, an input a line, and unpacks them:
--
--   corpora.lua pack FOLDER FILE
--   corpora.lua unpack FILE FOLDER

local MAX_BYTES = 40000 -- of a file: the smallest inputs come first

local M = {}

local function escape(text)
  return (text:gsub("[^%w !#-%[%]-~]", function(char) return ("\\x%02x"):format(char:byte()) end))
end

local function unescape(line)
  return (line:gsub("\\x(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

--- Reads the inputs of a file.
---@param path string
---@return string[]
function M.read(path)
  local inputs = {}
  for line in io.lines(path) do inputs[#inputs + 1] = unescape(line) end
  return inputs
end

local function pack(folder, path)
  local lines, size = {}, 0
  for name in assert(io.popen("ls -1 " .. folder)):lines() do
    local file = assert(io.open(folder .. "/" .. name, "rb"))
    lines[#lines + 1] = escape(file:read "*a")
    file:close()
  end
  table.sort(lines, function(a, b) return #a < #b or #a == #b and a < b end)
  local out = assert(io.open(path, "w"))
  for _, line in ipairs(lines) do
    size = size + #line
    if size > MAX_BYTES then break end
    out:write(line, "\n")
  end
  out:close()
end

local function unpack_to(path, folder)
  for i, input in ipairs(M.read(path)) do
    local file = assert(io.open(("%s/%d"):format(folder, i), "wb"))
    file:write(input)
    file:close()
  end
end

local actions = { pack = pack, unpack = unpack_to }
if arg and actions[arg[1]] then actions[arg[1]](arg[2], arg[3]) end

return M
