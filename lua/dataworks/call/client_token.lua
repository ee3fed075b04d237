-- Adds a ClientToken to a call whose action takes one, so that a retry has no second effect.

local core = require "dataworks.core"

local M = {}

---@param row dataworks.Action
---@param params table
---@param nonce fun(): string
---@return table params a copy when a token was added
---@return boolean has_token
function M.add(row, params, nonce)
  local token = params.ClientToken
  if row.repeatable ~= "token" then
    return params, false
  elseif token ~= nil and token ~= core.null then
    return params, true
  end
  local copy = {}
  for name, value in next, params do
    copy[name] = value
  end
  copy.ClientToken = nonce()
  return copy, true
end

return M
