-- Reads a reply of the service, and returns its result or the fields of an error.

local core = require "dataworks.core"
local error_codes = require "dataworks.protocol.error_codes"
local errors = require "dataworks.error"
local retry_after = require "dataworks.protocol.retry_after"
local tables = require "dataworks.util.tables"

local M = {}

-- The maximum number of bytes of an unreadable reply that an error keeps.
local EXCERPT_BYTES = 200

--- A text of the service is cut to this many bytes before it is redacted. An error keeps fewer bytes.
M.MAX_TEXT_BYTES = 8192

--- Returns a value as text; nil if the value is empty or a table.
local function to_text(value)
  local kind = type(value)
  if kind == "number" then
    return core.decimal(value)
  end
  return (kind == "string" and value ~= "" or kind == "boolean") and tostring(value) or nil
end

--- Returns, as text, the first of the named members that has a value.
local function text_of(object, ...)
  for _, name in ipairs { ... } do
    local text = to_text(object[name])
    if text then
      return text
    end
  end
end

-- These texts begin the part of a signature error's message that repeats the whole request, with its secrets.
local ECHOES = {
  "server string to sign", "server StringToSign", "server CanonicalRequest", "server Authorization",
}

--- Returns a message without the part that repeats the request.
local function without_echo(message)
  for _, mark in ipairs(ECHOES) do
    local at = message:find(mark, 1, true)
    if at then
      message = message:sub(1, at - 1):match("^.*[^%s.]") or "the service gave no reason"
    end
  end
  return message
end

--- Returns whether the service may have acted on the request. The code SignatureNonceUsed says that an earlier copy of
--- the request arrived.
local function may_have_acted(err)
  if err.code == "SignatureNonceUsed" then
    return true
  elseif err.kind == "task" or error_codes.is_throttled(err) or error_codes.is_final(err) then
    return false
  end
  return err.status < 400 or err.status >= 500 or err.status == 408
end

--- Cuts and redacts each text in the fields of an error.
function M.redact(fields, redact)
  for name, value in pairs(fields) do
    fields[name] = type(value) == "string" and redact(value, M.MAX_TEXT_BYTES) or value
  end
  return fields
end

--- Returns nil and the fields of an error about a reply. All such errors have the fields that are added here.
local function reply_error(kind, reply, fields, context)
  local all = tables.merge({
    kind = kind, sent = true, status = reply.status, request_id = reply.headers["x-acs-request-id"],
  }, fields)
  all.may_have_acted = may_have_acted(all)
  all.retry_after = retry_after.find(reply.headers, all, context.now)
  return nil, M.redact(all, context.redact)
end

-- What else answers in place of the service: a proxy, a page for signing in, another server.
local NOT_THE_SERVICE = "Check the endpoint, and whether a proxy or a page for signing in answers in its place."

local function protocol_error(reply, message, context)
  local body = context.redact(reply.body, M.MAX_TEXT_BYTES)
  local excerpt = errors.line(body, EXCERPT_BYTES)
  if reply.status >= 300 and reply.status < 400 then
    message = "the reply is a redirect" .. (reply.headers.location and " to " .. reply.headers.location or "")
    return reply_error("protocol", reply, { message = message, excerpt = excerpt, advice = NOT_THE_SERVICE }, context)
  elseif reply.body == "" then
    message = "the reply is empty"
  elseif body:find("^%s*<") then
    message = "the reply is HTML or XML, perhaps sent by something between this machine and the service"
  end
  return reply_error("protocol", reply, {
    message = reply.body == "" and message or ("%s: %s"):format(message, excerpt), excerpt = excerpt,
    advice = NOT_THE_SERVICE,
  }, context)
end

-- The details of a denied access that an error keeps. An administrator can decode EncodedDiagnosticMessage in RAM, but
-- only if it is not cut.
local ACCESS_FIELDS = {
  "AuthAction", "AuthPrincipalType", "AuthPrincipalDisplayName", "AuthPrincipalOwnerId", "NoPermissionType",
  "PolicyType", "EncodedDiagnosticMessage",
}
local MAX_ACCESS_FIELD_BYTES = 16384

--- Returns the details of a denied access, and advice on what to change.
local function access_denied(object, redact)
  local detail = object.AccessDeniedDetail
  local found = {}
  for _, name in ipairs(type(detail) == "table" and ACCESS_FIELDS or {}) do
    local text = to_text(detail[name])
    found[name] = text and errors.line(redact(text, MAX_ACCESS_FIELD_BYTES), MAX_ACCESS_FIELD_BYTES)
  end
  local action = found.AuthAction
  if not action then
    return next(found) and found or nil
  elseif found.NoPermissionType == "ExplicitDeny" then
    return found, ("A policy denies this user %s; let an administrator change it in RAM"):format(action)
  end
  return found, ("This user may not do %s; let an administrator allow it in RAM"):format(action)
end

--- Returns advice for a refused signature. The large module is loaded only now. If that fails, for example because no
--- descriptor is free, there is no such advice.
local function explain_signature(request, code, message)
  local ok, diagnosis = pcall(require, "dataworks.protocol.signature_diagnosis")
  return ok and diagnosis.explain(request, code, message) or nil
end

local function service_error(reply, object, context)
  local code = text_of(object, "Code", "code", "ErrorCode", "errorCode")
  local message = text_of(object, "Message", "message", "ErrorMessage", "errorMessage")
  if not code and not message then
    return protocol_error(reply, "the reply has neither code nor message", context)
  end
  local access, access_advice = access_denied(object, context.redact)
  return reply_error("service", reply, {
    code = code,
    message = without_echo(context.redact(message or "the service gave no reason", M.MAX_TEXT_BYTES)),
    request_id = text_of(object, "RequestId", "requestId"),
    recommend = text_of(object, "Recommend", "recommend"),
    access_denied = access,
    advice = access_advice or explain_signature(context.request, code, message)
      or error_codes.advice(code),
  }, context)
end

local function task_error(reply, object, context)
  local data = type(object.Data) == "table" and object.Data or {}
  local code = text_of(object, "ErrorCode", "errorCode", "Code", "code")
  local status = to_text(data.Status)
  local message = to_text(data.Message) or text_of(object, "ErrorMessage", "errorMessage", "Message", "message")
  return reply_error("task", reply, {
    code = code,
    message = message
      or status and "the service answered with Status " .. context.redact(status, M.MAX_TEXT_BYTES)
      or "the service gave no reason",
    request_id = text_of(object, "RequestId", "requestId"),
    advice = error_codes.advice(code),
  }, context)
end

-- No Status of the service has more bytes than this.
local MAX_STATUS_BYTES = 64

local SUCCESS = { success = true, ["true"] = true }
local FAILURE = { fail = true, ["false"] = true }

--- Returns whether a reply with HTTP status 200 says that the call failed.
local function is_failure(object, meaning)
  local success = object.Success
  if success == nil then
    success = object.success
  end
  if success == false or success == "false" or success == nil and (tonumber(object.HttpStatusCode) or 0) >= 400 then
    return true
  end
  local status = type(object.Data) == "table" and to_text(object.Data.Status)
    or meaning == "outcome" and to_text(object.Status)
  if not status or meaning == "none" or SUCCESS[status] then
    return false
  end
  status = status:sub(1, MAX_STATUS_BYTES):lower()
  return FAILURE[status] or meaning == "outcome" and not SUCCESS[status] or false
end

--- Returns whether this Data.Status means success.
function M.is_success(status)
  return SUCCESS[tostring(status):lower()] or false
end

---@class dataworks.ReplyContext
---@field redact fun(text: string, max_bytes: integer): string
---@field now fun(): number returns seconds since 1970
---@field request table the request as it was signed

--- Returns what `read` returns for the reply to a call that succeeded, and nil for any other reply. Needs no context.
---@return table|nil result the decoded reply
function M.result(reply, meaning)
  local object = core.decode_reply(reply.body)
  -- A decoded list has a metatable, and an object has none.
  local succeeded = reply.status >= 200 and reply.status < 300 and type(object) == "table" and not getmetatable(object)
    and not is_failure(object, meaning)
  return succeeded and object or nil
end

--- Reads a reply.
---@param meaning "outcome"|"progress"|"state"|"none" what Data.Status means in replies of this action
---@return table|nil result the decoded reply
---@return table|nil err the fields of an error
function M.read(reply, meaning, context)
  local object, err = core.decode_reply(reply.body)
  if type(object) ~= "table" or getmetatable(object) then
    return protocol_error(reply, "the reply " .. (err and err.message or "is not a JSON object"), context)
  elseif reply.status >= 400 then
    return service_error(reply, object, context)
  elseif reply.status < 200 or reply.status >= 300 then
    return protocol_error(reply, "the service does not answer with this status", context)
  elseif is_failure(object, meaning) then
    return task_error(reply, object, context)
  end
  return object
end

return M
