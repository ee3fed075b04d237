-- Adds a ClientToken to a call. The service acts only once on calls with the same ClientToken, so that a retry is safe.

local core = require "dataworks.core"

local M = {}

---@class dataworks.PerformOptions: dataworks.ScriptOptions
---@field client_token? string the ClientToken of a flow; results and errors contain it instead of the token that is
--- sent

--- Adds a ClientToken to the parameters, if the action takes one and the program gave none.
---@param nonce fun(): string returns a random token
---@param of_flow? string the ClientToken of the flow that makes the call
---@return table params a copy when a token was added
---@return string|nil client_token the token that results and errors contain; nil for an action that takes no
--- ClientToken
function M.add(row, params, nonce, of_flow)
  local token = params.ClientToken
  if row.repeatable ~= "token" then
    return params
  elseif not core.is_null(token) then
    return params, of_flow or token
  end
  -- These are the parameters of most actions that take a token. Lua allocates the table at its full size for them.
  local copy = { ProjectId = nil, TaskType = nil, TaskParam = nil, ClientToken = nil }
  for name, value in next, params do
    copy[name] = value
  end
  copy.ClientToken = nonce()
  return copy, of_flow or copy.ClientToken
end

return M
