-- Why a provider has no credentials, as fields of an error. What a file or an answer holds is never part of one.

local M = {}

---@param message string
---@param advice? string one line that helps
---@return table
function M.new(message, advice)
  return { kind = "credentials", sent = false, message = message, advice = advice }
end

--- Nothing is set up here, so that a chain goes on to its next provider.
---@param message string
---@return table
function M.absent(message)
  return { kind = "credentials", sent = false, message = message, absent = true }
end

--- The caller's own deadline cut it short, so that it says nothing about the next try.
---@param failure table
---@return table failure
function M.hurried(failure)
  failure.hurried = true
  return failure
end

--- Nothing is fetched for a client that is closed.
M.CLOSED = { kind = "cancelled", sent = false, message = "the client was closed during the call", hurried = true }

--- Cut short with the call that it was for: that says nothing about the next try either.
---@param failure table
---@param lost table what became of the request
---@return table failure
function M.of_call(failure, lost)
  if lost.kind == "cancelled" then
    failure.kind, failure.hurried = "cancelled", true
  end
  return failure
end

--- The same failure as part of a larger one.
---@param prefix string
---@param failure table
---@return table
function M.within(prefix, failure)
  local copy = {}
  for name, value in pairs(failure) do
    copy[name] = value
  end
  copy.message = prefix .. ": " .. failure.message
  return copy
end

--- A provider whose failures are parts of a larger one.
---@param prefix string
---@param provider dataworks.Provider
---@return dataworks.Provider
function M.prefixed(prefix, provider)
  return {
    name = provider.name,
    get = function(deadline)
      local found, failure = provider.get(deadline)
      return found, failure and M.within(prefix, failure)
    end,
    expire = provider.expire,
  }
end

return M
