-- The shapes an action's outcome can take, before the protocol is wrapped around them.

local json = require "dataworks.emulator.json"

local M = {}

--- The action was done.
---@param data table|nil the Data member
---@return table
function M.done(data)
  return { data = data, outcome = "acted" }
end

--- The action was done; its reply has no Data.
---@param ... any names and values of members
---@return table
function M.members(...)
  return { members = { ... }, outcome = "acted" }
end

--- HTTP 200 and Success true, but the service did not do it.
---@param message string
---@return table
function M.failed(message)
  return { data = json.object("Status", "fail", "Message", message), outcome = "failed", detail = message }
end

--- An id that names nothing, in the documented words.
---@param id string
---@return table
function M.unknown(id)
  return M.failed(("fileId:[%s] is invalid."):format(id))
end

local function refused(status, code, message)
  return function(detail)
    local refusal = { status = status, code = code, message = message }
    return { refusal = refusal, outcome = "refused", detail = detail }
  end
end

--- Refusals by HTTP status; detail goes to the journal only.
M.invalid_script = refused(400, "Invalid.DI.Parameter", "The parameter is invalid.")
M.name_taken = refused(400, "Invalid.DI.Parameter.File.Existed", "The file name already exists.")
M.invalid = refused(400, "Param.Invalid", "The parameter is invalid.")
M.invalid_token = refused(400, "InvalidClientToken", "Specified parameter ClientToken is not valid.")
M.token_mismatch = refused(400, "IdempotentParameterMismatch",
  "Request uses a client token in a previous request but is not identical to that request.")

return M
