-- Compares replies of the emulator with the official description of the API, spec/vectors/replies.json.

local files = require "spec.support.files"
local json = require "dataworks.emulator.json"
local replies = require "dataworks.emulator.service.reply"

local M = {}

local TREES = json.decode(files.read "spec/vectors/replies.json")

local function is_integer(value)
  return type(value) == "number" and value % 1 == 0 or getmetatable(value) == json.integer_mt
end

local FITS = {
  string = function(value) return type(value) == "string" end,
  boolean = function(value) return type(value) == "boolean" end,
  double = function(value) return type(value) == "number" end,
  float = function(value) return type(value) == "number" end,
  long = is_integer,
  int32 = is_integer,
  any = function() return true end,
}

local check

local function check_members(value, tree, path)
  for name, member in pairs(json.is_object(value) and value or error(path .. " must be an object", 0)) do
    local member_path = path .. "." .. name
    check(member, tree[name] or tree["*"] or error(member_path .. " is not declared", 0), member_path)
  end
end

function check(value, tree, path)
  if value == json.null then
    return
  elseif json.is_list(tree) then
    for i, item in ipairs(json.is_list(value) and value or error(path .. " must be a list", 0)) do
      check(item, tree[1], ("%s[%d]"):format(path, i))
    end
  elseif type(tree) == "table" then
    check_members(value, tree, path)
  elseif not FITS[tree](value) then
    error(("%s must be a %s, got %s"):format(path, tree, json.encode(value)), 0)
  end
end

--- Returns the decoded body of a reply of the service. Raises an error if a member has another type or another name
--- than the description says.
---@param version string
---@param action string
---@param result dataworks.emulator.Reply a reply that is not an error
---@return table
function M.body(version, action, result)
  local body = json.decode(replies.body(result, "R"))
  check(body, TREES[version][action] or error(action .. " has no description", 0), action)
  return body
end

return M
