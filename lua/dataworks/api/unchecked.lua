-- Makes the row of an action for a call with the option `unchecked`, which may need what the catalog lacks: an action,
-- a version, or a parameter.

local catalog = require "dataworks.api.catalog"
local misuse = require "dataworks.util.misuse"

local M = {}

--- The maximum number of parameters of a row: MAX_PARAMS in csrc/core/action.h.
local MAX_PARAMS = 128

local METHODS = { GET = true, POST = true, PUT = true }
local LOCATIONS = { query = "query", form = "body" }

-- The types of the parameters that the catalog lacks, by the types of their values. Any other value is sent as text.
local TYPES = { table = "json", boolean = "boolean", number = "double" }

local function check(what, action, version, options)
  local method, location = options.method, options.location
  if not action:find("^%a%w*$") then
    misuse(("%s: the name of an action has only letters and digits, got %q"):format(what, action:sub(1, 40)))
  elseif not version then
    misuse(("%s: the version of %s is unknown: add it, as in version = \"2024-05-18\""):format(what, action))
  elseif not version:find("^%d%d%d%d%-%d%d%-%d%d$") then
    misuse(("%s: version must be a date, as in \"2024-05-18\", got %q"):format(what, version:sub(1, 40)))
  elseif method and not METHODS[method] then
    misuse(("%s: method must be one of GET, POST, PUT, got %q"):format(what, method:sub(1, 40)))
  elseif location and not LOCATIONS[location] then
    misuse(("%s: location must be one of form, query, got %q"):format(what, location:sub(1, 40)))
  elseif method == "GET" and location == "form" then
    misuse(what .. ": a GET request has no form; location must be \"query\"")
  end
end

--- Copies the parameters of a row, so that none is required and every value is allowed. Returns also a set of their
--- names.
local function known_params(row, method)
  local params, names = {}, {}
  for i, param in ipairs(row.params) do
    params[i], names[param[1]] = { param[1], param[2], method == "GET" and "query" or param[3] }, true
  end
  return params, names
end

--- Adds the given parameters that the catalog lacks. The core refuses names that it cannot send.
local function add_others(params, names, given, location)
  for name, value in pairs(given) do
    if type(name) == "string" and name:find("^[%w_.-]+$") and not names[name] then
      params[#params + 1] = { name, TYPES[type(value)] or "string", location }
    end
  end
end

--- Returns the row of an action that can be called with the given parameters. Raises if an option is wrong.
---@param what string the name of the called method, for messages
---@param action string
---@param version? string the version of the call or of the client; default: the version that has the action
---@param given table the parameters of the call
---@param options { method?: string, location?: string }
---@return dataworks.Action
function M.row(what, action, version, given, options)
  local row = catalog.find(action, version)
    or { params = {}, repeatable = given.ClientToken and "token" or "unsent", status = "none" }
  version = version or row.version
  check(what, action, version, options)
  local method = options.method or row.method or "POST"
  local params, names = known_params(row, method)
  local location = LOCATIONS[options.location or method == "GET" and "query" or "form"]
  add_others(params, names, given, location)
  if #params > MAX_PARAMS then
    misuse(("%s: a call can have at most %d parameters"):format(what, MAX_PARAMS))
  end
  return {
    name = action, version = version, method = method, params = params,
    repeatable = row.repeatable, status = row.status,
  }
end

--- Raises if an option is given that only an unchecked call has.
function M.refuse(what, options)
  for _, name in ipairs { "method", "location" } do
    if options[name] then
      misuse(("%s: %s is for what the catalog lacks: add unchecked = true"):format(what, name))
    end
  end
end

return M
