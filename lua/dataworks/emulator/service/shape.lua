-- Checks the values of a decoded script. Each check returns the value. If the value is wrong, the check raises a reply
-- that names the path of the value and the problem.

local json = require "dataworks.emulator.json"
local reply = require "dataworks.emulator.service.reply"

local M = {}

--- Raises the reply that refuses a script.
---@param path string the path of the wrong value
---@param problem string
function M.reject(path, problem)
  reply.raise(reply.invalid_script(("%s %s"):format(path, problem)))
end

function M.object(value, path)
  return json.is_object(value) and value or M.reject(path, "must be an object")
end

function M.list(value, path)
  if not json.is_list(value) or #value == 0 then
    M.reject(path, "must be a list with at least one element")
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

--- Decodes a text that must be a JSON object.
---@param source string
---@param refuse? fun(detail: string): dataworks.emulator.Reply creates the reply to raise if the text is wrong
---@return table
function M.decode(source, refuse)
  local value, message = json.decode(source)
  local problem = message and "the text is not JSON: " .. message
    or not json.is_object(value) and "the script must be an object"
  if problem then
    reply.raise((refuse or reply.invalid_script)(problem))
  end
  return value
end

return M
