-- Adds a ClientToken to a call whose action takes one, so that a retry has no second effect.

local core = require "dataworks.core"
local tables = require "dataworks.util.tables"

local M = {}

---@class dataworks.PerformOptions: dataworks.CallOptions
---@field client_token? string of the flow that makes the call: results and errors name it, not the token that is sent

---@param row dataworks.Action
---@param params table
---@param nonce fun(): string
---@param of_flow? string the ClientToken of the flow that makes the call
---@return table params a copy when a token was added
---@return string|nil client_token that results and errors name; nil for an action that takes none
function M.add(row, params, nonce, of_flow)
  local token = params.ClientToken
  if row.repeatable ~= "token" then
    return params
  elseif token ~= nil and token ~= core.null then
    return params, of_flow or token
  end
  local copy = tables.merge(params, { ClientToken = nonce() })
  return copy, of_flow or copy.ClientToken
end

return M
