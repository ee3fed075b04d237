-- Finds an action by its documented name. The rows of actions.lua are found first. The generated tables of all other
-- actions are loaded only when one of these actions is searched for, and only the lines of that action are parsed.

local actions = require "dataworks.api.actions"
local nearest = require "dataworks.util.nearest"

local M = {}

--- The versions of the API. A search without a version tries them in this order.
M.versions = { "2020-05-18", "2024-05-18" }

local TABLES = {
  ["2020-05-18"] = "dataworks.api.catalog.v20200518", ["2024-05-18"] = "dataworks.api.catalog.v20240518",
}

---@type table<string, table<string, dataworks.Action>> the rows that were found so far, by version and name
local rows = { ["2020-05-18"] = {}, ["2024-05-18"] = {} }
for name, row in pairs(actions) do
  rows[row.version][name] = row
end

local LOCATIONS = { ["?"] = "query", ["&"] = "body" }

--- Parses the lines of parameters. The header of the generated tables explains their form.
local function parse_params(text)
  local params, location = {}, nil
  for word in text:gmatch("%S+") do
    if LOCATIONS[word] then
      location = LOCATIONS[word]
    else
      local name, rest = word:match("^(%w+)(.*)$")
      local kind, required = rest:match("^:?([%w_]*)(!?)$")
      params[#params + 1] = { name, kind ~= "" and kind or "string", location, required = required ~= "" or nil }
    end
  end
  return params
end

--- Adds the row of an action in a generated table. Returns nil if the table does not have the action.
local function load_row(version, name)
  if type(name) ~= "string" or not name:find("^%u%w*$") then
    return nil
  end
  local text = require(TABLES[version])
  local _, at = text:find("\n" .. name .. " ", 1, true)
  if not at then
    return nil
  end
  local head, params = text:sub(at + 1, (text:find("\n%u", at) or #text) - 1):match("^([^\n]*)(.*)$")
  local method, repeatable = head:match("^(%u+) (%l+)")
  rows[version][name] = {
    name = name, version = version, method = method, repeatable = repeatable,
    status = head:find(" outcome", 1, true) and "outcome" or "none", list = head:match(" list=(%S+)"),
    params = parse_params(params),
  }
  return rows[version][name]
end

local function find_in(version, name)
  return rows[version] and (rows[version][name] or load_row(version, name))
end

--- Returns the row of an action; nil if there is no such action.
---@param name any
---@param version? string default: the first version that has the action
---@return dataworks.Action|nil
function M.find(name, version)
  if version then
    return find_in(version, name)
  end
  return find_in(M.versions[1], name) or find_in(M.versions[2], name)
end

--- Returns a table whose keys are the names of all actions.
---@param version? string
---@return table<string, boolean>
function M.names(version)
  local names = {}
  for _, one in ipairs(version and { version } or M.versions) do
    for name in require(TABLES[one]):gmatch("\n(%u%w*)") do
      names[name] = true
    end
  end
  return names
end

--- Returns the end of a message about an unknown action; "" if there is nothing to add.
---@param name any
---@param version? string
---@return string
function M.hint(name, version)
  local elsewhere = M.find(name)
  if elsewhere then
    return ("; it is an action of version %s"):format(elsewhere.version)
  end
  local near = nearest.find(name, M.names())
  if not near then
    return ""
  end
  local suffix = version and not M.find(near, version) and " of version " .. M.find(near).version or ""
  return ("; did you mean %s%s?"):format(near, suffix)
end

return M
