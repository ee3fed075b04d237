-- The exit statuses of all commands, and the status that belongs to an error.

local error_codes = require "dataworks.protocol.error_codes"

local M = {
  DONE = 0,
  REFUSED = 1, -- the service or a check refused
  WRONG_USE = 2,
  UNFINISHED = 3, -- the same command goes on
  CREDENTIALS = 4, -- missing, or refused by the service
  TRY_AGAIN = 5, -- the service throttles or cannot be reached
  CHANGES = 6, -- plan --exit-code found changes
  FAULT = 99, -- a fault of this program
  INTERRUPTED = 130,
}

--- Codes that say that the user of the credentials has no permission.
local NOT_ALLOWED = { Forbidden = true, NoPermission = true }

local OF_KIND = { invalid = M.WRONG_USE, credentials = M.CREDENTIALS, cancelled = M.INTERRUPTED }

--- Returns the exit status for an error of the library.
---@param err dataworks.Error
---@return integer status
function M.of(err)
  if OF_KIND[err.kind] then
    return OF_KIND[err.kind]
  elseif error_codes.refuses_keys(err)
    or err.kind == "service" and NOT_ALLOWED[(err.code or ""):match "^%w+"] then
    return M.CREDENTIALS
  elseif err.retryable or err.sent == false then
    return M.TRY_AGAIN
  end
  return M.REFUSED
end

--- Returns whether the same command can go on after an error.
---@param err dataworks.Error
function M.is_resumable(err)
  local kind = err.kind
  return err.retryable or kind == "timeout" or kind == "transport" or kind == "cancelled" or false
end

return M
