-- Why a provider has no credentials, as fields of an error. No text of a file or of a reply is in them.

local tables = require "dataworks.util.tables"

local M = {}

---@class dataworks.CredentialFailure fields of an error, and three more for the credentials room
---@field not_configured? boolean nothing is set up here: a chain asks its next provider
---@field cut_short? boolean the call's own end cut the fetch short: the next fetch may succeed
---@field pause? number seconds until the next fetch can help

---@param message string
---@param advice? string one line that helps
---@return dataworks.CredentialFailure
function M.new(message, advice)
  return { kind = "credentials", sent = false, message = message, advice = advice }
end

---@param message string
---@return dataworks.CredentialFailure
function M.not_configured(message)
  local failure = M.new(message)
  failure.not_configured = true
  return failure
end

---@param message string
---@return dataworks.CredentialFailure
function M.cut_short(message)
  local failure = M.new(message)
  failure.cut_short = true
  return failure
end

--- A closed client fetches nothing.
M.CLOSED = { kind = "cancelled", sent = false, message = "the client was closed during the call", cut_short = true }

--- Marks a failure as cancelled when the request that it describes was cancelled together with its call.
---@param failure dataworks.CredentialFailure
---@param lost table of the transport
---@return dataworks.CredentialFailure failure
function M.of_request(failure, lost)
  if lost.kind == "cancelled" then
    failure.kind, failure.cut_short = "cancelled", true
  end
  return failure
end

--- A failure for the first needed field that is missing.
---@param fields table
---@param needed string[]
---@return dataworks.CredentialFailure|nil
function M.missing(fields, needed)
  for _, name in ipairs(needed) do
    if not fields[name] then
      return M.new(name .. " is missing")
    end
  end
end

--- A copy of a failure whose message begins with a prefix.
---@param prefix string
---@param failure dataworks.CredentialFailure
---@return dataworks.CredentialFailure
function M.within(prefix, failure)
  return tables.merge(failure, { message = prefix .. ": " .. failure.message })
end

return M
