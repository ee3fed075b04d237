-- From a reply to its result, or to the fields of an error.

local core = require "dataworks.core"
local errors = require "dataworks.error"
local ids = require "dataworks.util.ids"
local retry = require "dataworks.call.retry"

-- An instance of its own: settings of the shared one belong to the program.
local json = require("cjson.safe").new()
if json.decode_invalid_numbers then
  json.decode_invalid_numbers(false)
end

local M = {}

-- Loaded by the first failure that needs it.
local function advice() return require "dataworks.protocol.error_codes" end
local function diagnosis() return require "dataworks.protocol.signature_diagnosis" end

-- The bytes of an unreadable reply that its error keeps, and how far in they are looked through for secrets.
local EXCERPT_BYTES, SEARCHED_BYTES = 200, 65536

local MARK = 1 -- in front of an integer that core.quote_integers has put between quotes

local null = core.null
local to_integer = math.tointeger or function() end

local function restore(value)
  local kind = type(value)
  if kind == "number" then
    return to_integer(value) or value
  elseif kind == "string" then
    -- Text that began with a mark of its own has another one in front, and is no number.
    return value:byte() == MARK and ids.native(value:sub(2)) or value
  elseif kind == "table" then
    for key, item in next, value do
      -- An absent member and a null one mean the same here; in a list a null keeps its place.
      if item == null and type(key) == "string" then
        value[key] = nil
      else
        value[key] = restore(item)
      end
    end
  end
  return value
end

--- JSON text as Lua data: integers exact, null members of objects left out.
---@param text string
---@return any value
---@return string|nil message
function M.decode(text)
  local quoted, message, offset = core.quote_integers(text)
  if not quoted then
    return nil, ("%s at byte %d"):format(message, offset)
  end
  local value
  value, message = json.decode(quoted)
  if message then
    return nil, message
  end
  return restore(value)
end

--- The first of several members that says something, as text.
local function text_of(object, ...)
  for _, name in ipairs { ... } do
    local value = object[name]
    local kind = type(value)
    if kind == "string" and value ~= "" or kind == "number" or kind == "boolean" then
      return tostring(value)
    end
  end
end

-- A signature error repeats the whole request, with the security token and the signature in it.
local ECHOES = {
  "server string to sign", "server StringToSign", "server CanonicalRequest", "server Authorization",
}

local function without_echo(message)
  for _, mark in ipairs(ECHOES) do
    local at = message:find(mark, 1, true)
    if at then
      message = message:sub(1, at - 1):match("^.*[^%s.]") or "the service gave no reason"
    end
  end
  return message
end

--- What every error of a reply has.
local function failure(kind, reply, fields, asked)
  local all = { kind = kind, sent = true, status = reply.status, request_id = reply.headers["x-acs-request-id"] }
  for name, value in pairs(fields) do
    all[name] = value
  end
  all.retry_after = retry.after(reply.headers, all, asked.now)
  for name, value in pairs(all) do
    all[name] = type(value) == "string" and asked.hide(value) or value
  end
  return nil, all
end

local function unreadable(reply, message, asked)
  local body = asked.hide(reply.body:sub(1, SEARCHED_BYTES))
  local excerpt = errors.line(body, EXCERPT_BYTES)
  if reply.body == "" then
    message = "the reply is empty"
  elseif body:find("^%s*<") then
    message = "the reply is a page of HTML or XML, perhaps from something between here and the service"
  end
  return failure("protocol", reply, {
    message = reply.body == "" and message or ("%s: %s"):format(message, excerpt), excerpt = excerpt,
  }, asked)
end

-- The last one is for an administrator, whom RAM tells what is in it; cut short it would say nothing.
local DENIED = {
  "AuthAction", "AuthPrincipalType", "AuthPrincipalDisplayName", "AuthPrincipalOwnerId", "NoPermissionType",
  "PolicyType", "EncodedDiagnosticMessage",
}
local LONGEST_DENIED = 16384

--- What a refusal says about access, and a line of help from it.
local function denied(object, hide)
  local detail = object.AccessDeniedDetail
  local found = {}
  for _, name in ipairs(type(detail) == "table" and DENIED or {}) do
    local text = text_of(detail, name)
    found[name] = text and errors.line(hide(text), LONGEST_DENIED)
  end
  local action = found.AuthAction
  if not action then
    return next(found) and found or nil
  elseif found.NoPermissionType == "ExplicitDeny" then
    return found, ("A policy denies this user %s; let an administrator change it in RAM"):format(action)
  end
  return found, ("This user may not do %s; let an administrator allow it in RAM"):format(action)
end

local function refused(reply, object, asked)
  local code = text_of(object, "Code", "code", "ErrorCode", "errorCode")
  local message = text_of(object, "Message", "message", "ErrorMessage", "errorMessage")
  if not code and not message then
    return unreadable(reply, "the reply has neither code nor message", asked)
  end
  local access, access_advice = denied(object, asked.hide)
  return failure("service", reply, {
    code = code,
    message = without_echo(message or "the service gave no reason"),
    request_id = text_of(object, "RequestId", "requestId"),
    recommend = text_of(object, "Recommend", "recommend"),
    access_denied = access,
    advice = access_advice or diagnosis().explain(asked.request, code, message) or advice().find(code),
  }, asked)
end

local function undone(reply, object, asked)
  local data = type(object.Data) == "table" and object.Data or {}
  local code = text_of(object, "ErrorCode", "errorCode", "Code", "code")
  local status = text_of(data, "Status")
  local message = text_of(data, "Message") or text_of(object, "ErrorMessage", "errorMessage", "Message", "message")
  return failure("task", reply, {
    code = code,
    message = message or status and ("the service answered with Status %s"):format(status)
      or "the service gave no reason",
    request_id = text_of(object, "RequestId", "requestId"),
    advice = advice().find(code),
  }, asked)
end

local GOOD = { success = true, ["true"] = true }
local BAD = { fail = true, ["false"] = true }

--- Did the service say, under HTTP 200, that it did not do it?
local function is_undone(object, meaning)
  local success = object.Success
  if success == nil then
    success = object.success
  end
  if tostring(success) == "false" then
    return true
  elseif success == nil and (tonumber(object.HttpStatusCode) or 0) >= 400 then
    return true
  end
  local status = type(object.Data) == "table" and text_of(object.Data, "Status")
    or meaning == "outcome" and text_of(object, "Status")
  if not status or meaning == "none" then
    return false
  end
  status = status:lower()
  return BAD[status] or meaning == "outcome" and not GOOD[status] or false
end

--- Whether a Data.Status says that it is done.
---@param status any
---@return boolean
function M.is_done(status)
  return GOOD[tostring(status):lower()] or false
end

---@class dataworks.Asked what is known of the call that is answered
---@field hide fun(text: string): string takes secrets out
---@field now fun(): number seconds since 1970
---@field request table as it was signed

---@param reply { status: integer, headers: table<string, string>, body: string }
---@param meaning "outcome"|"progress"|"state"|"none" of Data.Status, as the action's row has it
---@param asked dataworks.Asked
---@return table|nil result the decoded reply
---@return table|nil err fields of an error
function M.read(reply, meaning, asked)
  local object, message = M.decode(reply.body)
  if type(object) ~= "table" or not reply.body:find("^%s*{") then
    return unreadable(reply, message and "the reply is no JSON, " .. message or "the reply is no JSON object", asked)
  elseif reply.status >= 400 then
    return refused(reply, object, asked)
  elseif reply.status < 200 or reply.status >= 300 then
    return unreadable(reply, "the service does not answer with this status", asked)
  elseif is_undone(object, meaning) then
    return undone(reply, object, asked)
  end
  return object
end

return M
