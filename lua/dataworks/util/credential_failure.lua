-- Makes the fields of an error that says why a provider has no credentials. The fields never quote a file or a reply,
-- which may hold secrets.

local tables = require "dataworks.util.tables"

local M = {}

--- Besides fields of an error, a failure has three fields that only the credential providers use.
---@class dataworks.CredentialFailure
---@field not_configured? boolean true: the provider has no configuration, and a chain asks its next provider
---@field cut_short? boolean true: the fetch ended early because its call ended; the next fetch may succeed
---@field pause? number seconds until another fetch may succeed

--- Makes a failure.
---@param advice? string one line: what to change
function M.new(message, advice)
  return { kind = "credentials", sent = false, message = message, advice = advice }
end

--- Makes a failure of a provider that has no configuration.
function M.not_configured(message)
  return { kind = "credentials", sent = false, message = message, not_configured = true }
end

--- Makes a failure of a fetch that ended early because its call ended.
function M.cut_short(message)
  return { kind = "credentials", sent = false, message = message, cut_short = true }
end

--- The failure of a call whose client was closed.
M.CLOSED = { kind = "cancelled", sent = false, message = "the client was closed during the call", cut_short = true }

--- Changes the kind of a failure to "cancelled", if the provider's request was cancelled together with the call.
---@param transport_error table the fields of the error with which the request failed
function M.of_request(failure, transport_error)
  if transport_error.kind == "cancelled" then
    failure.kind, failure.cut_short = "cancelled", true
  end
  return failure
end

--- Returns a failure that names the first needed field that is missing; nil if none is missing.
function M.missing(fields, needed)
  for _, name in ipairs(needed) do
    if not fields[name] then
      return M.new(name .. " is missing")
    end
  end
end

--- Returns a copy of a failure, with "prefix: " before its message.
function M.within(prefix, failure)
  return tables.merge(failure, { message = prefix .. ": " .. failure.message })
end

return M
