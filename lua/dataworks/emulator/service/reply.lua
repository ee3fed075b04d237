-- The replies of actions, without status and headers. A detail appears only in the journal.

local json = require "dataworks.emulator.json"

local M = {}

---@class dataworks.emulator.Reply
---@field outcome "acted"|"replayed"|"failed"|"refused"|"fault"
---@field data? table the member Data of the body
---@field members? table members that stand beside RequestId, in place of Success and Data
---@field is_unsuccessful? boolean Success is false
---@field refusal? dataworks.emulator.Refusal
---@field detail? string

--- The service acted.
---@param data table|nil the Data member
---@return dataworks.emulator.Reply
function M.acted(data)
  return { data = data, outcome = "acted" }
end

--- The service acted; the reply has no Data.
---@param ... any names and values of members
---@return dataworks.emulator.Reply
function M.members(...)
  return { members = json.object(...), outcome = "acted" }
end

--- HTTP 200 and Success true, but the service did not act.
---@param message string
---@return dataworks.emulator.Reply
function M.failed(message)
  return { data = json.object("Status", "fail", "Message", message), outcome = "failed", detail = message }
end

--- An id that names nothing, in the documented words.
---@param id string
---@return dataworks.emulator.Reply
function M.unknown(id)
  return M.failed(("fileId:[%s] is invalid."):format(id))
end

---@param status integer
---@param code string
---@param message string
---@param detail? string
---@return dataworks.emulator.Reply
function M.refused(status, code, message, detail)
  return { refusal = { status = status, code = code, message = message }, outcome = "refused", detail = detail }
end

local function refusal(code, message)
  return function(detail) return M.refused(400, code, message, detail) end
end

M.invalid_script = refusal("Invalid.DI.Parameter", "The parameter is invalid.")
M.name_taken = refusal("Invalid.DI.Parameter.File.Existed", "The file name already exists.")
M.invalid = refusal("Param.Invalid", "The parameter is invalid.")
M.invalid_token = refusal("InvalidClientToken", "Specified parameter ClientToken is not valid.")
M.token_mismatch = refusal("IdempotentParameterMismatch",
  "Request uses a client token in a previous request but is not identical to that request.")

--- Ends the action with a reply, from any depth of its checks.
---@param reply dataworks.emulator.Reply
function M.raise(reply)
  error(reply, 0)
end

--- The reply that a function returns or raises.
---@param fn fun(...): any
---@return any reply
---@return boolean has_returned
function M.catch(fn, ...)
  local ok, result = pcall(fn, ...)
  if not ok and not (type(result) == "table" and result.outcome) then
    error(result, 0)
  end
  return result, ok
end

--- The body of an HTTP 200 reply.
---@param reply dataworks.emulator.Reply
---@param request_id string
---@return string
function M.body(reply, request_id)
  local members = reply.members or json.object("Success", not reply.is_unsuccessful, "Data", reply.data)
  return json.encode(json.object("RequestId", request_id, (table.unpack or unpack)(members, 1, members.count)))
end

return M
