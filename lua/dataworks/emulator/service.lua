-- The DataWorks service behind the gateway. It runs the actions. If calls have the same ClientToken, the service acts
-- only once.

local reply = require "dataworks.emulator.service.reply"
local states = require "dataworks.emulator.service.state"
local tables = require "dataworks.util.tables"

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
    "dataworks.emulator.service.deployments",
    "dataworks.emulator.service.resources",
    "dataworks.emulator.service.jobs_2020",
    "dataworks.emulator.service.alarm_rules_2020",
  },
  ["2024-05-18"] = {
    "dataworks.emulator.service.jobs_2024",
    "dataworks.emulator.service.job_runs",
    "dataworks.emulator.service.alarm_rules_2024",
  },
}

--- The functions that run the actions, by version and name of the action.
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

--- Creates a service that stores nothing yet.
function M.new(options)
  return setmetatable({ options = options, ids = { unused = options.settings.first_id }, accounts = {} }, M)
end

--- Sets the id that the next new task, job or process gets.
function M:set_next_id(digits)
  self.ids.unused = digits
end

--- Forgets the ClientTokens and the generated configurations of all accounts.
function M:forget()
  for _, state in pairs(self.accounts) do
    state.tokens, state.processes = {}, {}
  end
end

--- Returns what the service stores for an account. No other function decides to whom something stored belongs. It
--- belongs to an account and not to a key, because a role gets a new key at each refresh.
function M:state_of(account)
  local state = self.accounts[account]
  if not state then
    local options = self.options
    state = states.new({ settings = options.settings, now = options.now, ids = self.ids })
    self.accounts[account] = state
  end
  return state
end

--- Returns a text that is the same for equal parameters only.
local function fingerprint_of(params)
  local pieces = tables.sorted_keys(params)
  for i, name in ipairs(pieces) do
    pieces[i] = ("%s %d %s"):format(name, #params[name], params[name])
  end
  return table.concat(pieces, "\n")
end

--- Runs an action with a ClientToken. If an earlier call with this token acted, returns the result of that call and
--- does not act again.
local function call_once(state, action, handler, params)
  local token = params.ClientToken
  if #token > MAX_TOKEN_LENGTH or token:find("[^\32-\126]") then
    return reply.invalid_token("ClientToken")
  end
  params.ClientToken = nil -- so that equal parameters are one text in memory
  local key, fingerprint = action .. "\n" .. token, fingerprint_of(params)
  local first = state.tokens[key]
  if first and first.fingerprint ~= fingerprint then
    return reply.token_mismatch("ClientToken")
  elseif first then
    return { data = first.result.data, members = first.result.members, outcome = "replayed" }
  end
  local result = reply.catch(handler, state, params)
  if result.outcome == "acted" then
    state.tokens[key] = { fingerprint = fingerprint, result = result }
  end
  return result
end

--- Returns the parameters that the action knows. Removes leading zeros of integers and writes booleans in lower case,
--- so that equal values are equal texts.
local function known_params(params, row)
  local known = {}
  for _, spec in ipairs(row.params) do
    local name, kind, value = spec[1], spec[2], params[spec[1]]
    if value and (kind == "long" or kind == "int32") then
      value = value:gsub("^(%-?)0+(%d)", "%1%2")
    elseif value and kind == "boolean" then
      value = value:lower()
    end
    known[name] = value
  end
  return known
end

--- Runs an action.
---@param params table<string, string> parameters that the gateway has checked
---@param row table the catalog row of the action
---@param account string the account of the caller
function M:call(action, params, row, account)
  local known, handler, state = known_params(params, row), M.actions[row.version][action], self:state_of(account)
  if row.repeatable == "token" and known.ClientToken then
    return call_once(state, action, handler, known)
  end
  return (reply.catch(handler, state, known))
end

return M
