-- Checks of a decoded script. A check raises the path and the problem; catch turns that into nil and a message.

local json = require "dataworks.emulator.json"

local M = {}

---@param path string
---@param problem string
function M.reject(path, problem)
  error({ script = ("%s %s"):format(path, problem) }, 0)
end

function M.object(value, path)
  return json.is_object(value) and value or M.reject(path, "must be an object")
end

function M.list(value, path)
  if not json.is_list(value) or #value == 0 then
    M.reject(path, "must be a list with an element")
  end
  return value
end

function M.text(value, path)
  if type(value) ~= "string" or value == "" then
    M.reject(path, "must be a text")
  end
  return value
end

function M.equal(value, expected, path)
  if value ~= expected then
    M.reject(path, "must be " .. expected)
  end
  return value
end

--- Reads text that must be a JSON object.
---@param source string
---@return table
function M.decode(source)
  local value, message = json.decode(source)
  if message then
    M.reject("the text is not JSON:", message)
  end
  return M.object(value, "the script")
end

--- Wraps a parser: what it rejects becomes nil and a message.
---@param parse fun(source: any): table
---@return fun(source: any): table|nil, string|nil
function M.catch(parse)
  return function(source)
    local ok, result = pcall(parse, source)
    if ok then
      return result
    elseif type(result) == "table" and result.script then
      return nil, result.script
    end
    error(result, 0)
  end
end

return M
