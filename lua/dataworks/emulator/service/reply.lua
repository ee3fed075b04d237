-- Creates the replies of actions, without HTTP status and headers. The field `detail` says why a call was refused; it
-- appears only in the journal.

local json = require "dataworks.emulator.json"

local M = {}

---@class dataworks.emulator.Reply
---@field outcome "acted"|"replayed"|"failed"|"refused"|"fault"
---@field data? table the member Data of the body
---@field members? table the members of the body besides RequestId, if the body has no Success and Data
---@field is_unsuccessful? boolean true if the member Success is false
---@field refusal? dataworks.emulator.Refusal
---@field detail? string

--- Returns the reply to a call on which the service acted.
---@param data table|nil the member Data
---@return dataworks.emulator.Reply
function M.acted(data)
  return { data = data, outcome = "acted" }
end

--- Returns the reply to a call on which the service acted. The body has the given members, and not Success and Data.
---@param ... any a name, its value, the next name, its value, and so on
---@return dataworks.emulator.Reply
function M.members(...)
  return { members = json.object(...), outcome = "acted" }
end

--- Returns the reply to a call on which the service acted. The body also has the HTTP status.
---@param data any the member Data
---@return dataworks.emulator.Reply
function M.with_status(data)
  return M.members("Success", true, "HttpStatusCode", 200, "Data", data)
end

--- Returns the reply to a call that failed. Its HTTP status is 200, and its Success is true, but its Status is "fail".
---@param message string
---@return dataworks.emulator.Reply
function M.failed(message)
  return { data = json.object("Status", "fail", "Message", message), outcome = "failed", detail = message }
end

--- Returns the reply to a call with an unknown id. The message is the documented one.
---@param id string
---@return dataworks.emulator.Reply
function M.unknown(id)
  return M.failed(("fileId:[%s] is invalid."):format(id))
end

--- Returns the error reply to a call that the service refused.
---@param status integer the HTTP status
---@param code string
---@param message string
---@param detail? string
---@return dataworks.emulator.Reply
function M.refused(status, code, message, detail)
  return { refusal = { status = status, code = code, message = message }, outcome = "refused", detail = detail }
end

--- Returns a function that takes a detail and returns an error reply.
local function refusal(code, message)
  return function(detail) return M.refused(400, code, message, detail) end
end

M.invalid_script = refusal("Invalid.DI.Parameter", "The parameter is invalid.")
M.name_taken = refusal("Invalid.DI.Parameter.File.Existed", "The file name already exists.")
M.invalid = refusal("Param.Invalid", "The parameter is invalid.")
M.invalid_token = refusal("InvalidClientToken", "Specified parameter ClientToken is not valid.")
M.token_mismatch = refusal("IdempotentParameterMismatch",
  "Request uses a client token in a previous request but is not identical to that request.")

--- Raises a reply as an error. The action ends, and `catch` returns the reply.
---@param reply dataworks.emulator.Reply
function M.raise(reply)
  error(reply, 0)
end

--- Calls a function, and returns the reply that the function returns or raises.
---@param fn fun(...): any
---@return any reply
---@return boolean has_returned false if the function raised the reply
function M.catch(fn, ...)
  local ok, result = pcall(fn, ...)
  if not ok and not (type(result) == "table" and result.outcome) then
    error(result, 0)
  end
  return result, ok
end

--- Returns the body of a reply that is not an error.
---@param reply dataworks.emulator.Reply
---@param request_id string
---@return string[] pieces of the text
function M.pieces(reply, request_id)
  local members = reply.members or json.object("Success", not reply.is_unsuccessful, "Data", reply.data)
  return json.pieces(json.object("RequestId", request_id, (table.unpack or unpack)(members, 1, members.count)))
end

--- Returns the same body as one text.
function M.body(reply, request_id)
  return table.concat(M.pieces(reply, request_id))
end

return M
