-- The service behind the gateway: its actions, and ClientTokens, with which a call acts once. Pure: the clock and the
-- settings are handed in.

local json = require "dataworks.emulator.json"
local reply = require "dataworks.emulator.service.reply"
local states = require "dataworks.emulator.service.state"

local M = {}
M.__index = M

local MAX_TOKEN_LENGTH = 64

local MODULES = {
  ["2020-05-18"] = {
    "dataworks.emulator.service.generate",
    "dataworks.emulator.service.tasks",
    "dataworks.emulator.service.instances",
    "dataworks.emulator.service.projects",
    "dataworks.emulator.service.files",
  },
  ["2024-05-18"] = { "dataworks.emulator.service.jobs" },
}

--- The actions of the service, by version and name. Each is a function of the state and the parameters.
---@type table<string, table<string, fun(state: table, params: table): dataworks.emulator.Reply>>
M.actions = {}
for version, modules in pairs(MODULES) do
  M.actions[version] = {}
  for _, module in ipairs(modules) do
    for action, handler in pairs(require(module)) do
      M.actions[version][action] = handler
    end
  end
end

---@param options {settings: table, now: fun(): number}
---@return table
function M.new(options)
  return setmetatable({ state = states.new(options), tokens = {} }, M)
end

--- Sets the next id.
---@param digits string
function M:set_next_id(digits)
  self.state.next = digits
end

--- Repeats the first result for a used ClientToken, without acting again. A token belongs to the account: a role's key
--- changes with each refresh.
local function call_once(self, action, handler, params, account)
  local token = params.ClientToken
  if #token > MAX_TOKEN_LENGTH or token:find("[^\32-\126]") then
    return reply.invalid_token("ClientToken")
  end
  local key, fingerprint = table.concat({ account or "", action, token }, "\n"), json.encode(params)
  local first = self.tokens[key]
  if first and first.fingerprint ~= fingerprint then
    return reply.token_mismatch("ClientToken")
  elseif first then
    return { data = first.result.data, members = first.result.members, outcome = "replayed" }
  end
  local result = reply.catch(handler, self.state, params)
  if result.outcome == "acted" then
    self.tokens[key] = { fingerprint = fingerprint, result = result }
  end
  return result
end

--- The parameters of the action. Integers lose leading zeros, so that each id has one spelling.
local function known_params(params, row)
  local known = {}
  for _, spec in ipairs(row.params) do
    local name, kind, value = spec[1], spec[2], params[spec[1]]
    if value and (kind == "long" or kind == "int32") then
      value = value:gsub("^(%-?)0+(%d)", "%1%2")
    end
    known[name] = value
  end
  return known
end

--- Runs an action.
---@param action string
---@param params table<string, string> as the gateway checked them
---@param row table the action's row
---@param account string|nil of the caller
---@return dataworks.emulator.Reply
function M:call(action, params, row, account)
  local known, handler = known_params(params, row), M.actions[row.version][action]
  if row.repeatable == "token" and known.ClientToken then
    return call_once(self, action, handler, known, account)
  end
  return (reply.catch(handler, self.state, known))
end

return M
