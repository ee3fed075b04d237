-- Answers requests to the API and to the metadata service. Each answer takes a queued fault into account, and each
-- request gets an entry in the journal.

local encoding = require "dataworks.emulator.encoding"
local gateway = require "dataworks.emulator.gateway"
local json = require "dataworks.emulator.json"
local replies = require "dataworks.emulator.service.reply"
local sts = require "dataworks.emulator.sts"

local M = {}

--- The faults that replace the whole reply with another reply of HTTP status 200. Error faults also replace the reply.
local REPLACES_REPLY = { fail = true, unsuccessful = true }

--- Returns a random UUID of version 4, as the service writes request ids.
local function new_request_id(parts)
  local digits = encoding.hex(parts.random(16)):upper()
  return digits:sub(1, 8) .. "-" .. digits:sub(9, 12) .. "-4" .. digits:sub(14, 16) .. "-A" .. digits:sub(18, 20) .. "-"
    .. digits:sub(21)
end

--- Returns a new reply with HTTP status 200, new ids, the current time, and no body.
local function new_reply(parts)
  return {
    status = 200, request_id = new_request_id(parts), trace_id = encoding.hex(parts.random(16)), time = parts.now(),
  }
end

--- Returns the result that a fault puts in the place of the real result.
local function fault_result(fault, outcome)
  if fault.is_error then
    return { refusal = fault, outcome = outcome }
  end
  local message = fault.message or "The request was not done."
  if fault.fault == "unsuccessful" then
    return { data = json.object("Message", message), is_unsuccessful = true, outcome = outcome }
  end
  return { data = json.object("Status", "fail", "Message", message), outcome = outcome }
end

--- Runs the action of a call in the security token service or in the DataWorks service, and returns the result.
local function perform(parts, call)
  if call.version == sts.VERSION then
    return parts.sts:call(call.action, call.params, call.account)
  end
  return parts.service:call(call.action, call.params, call.row, call.account)
end

--- Runs the action of a call, unless the fault prevents the action. Returns the result, or the result of the fault.
local function perform_with_fault(parts, call, fault)
  if fault and not fault.acts then
    return fault_result(fault, "fault")
  end
  local result = perform(parts, call)
  if fault and (fault.is_error or REPLACES_REPLY[fault.fault]) then
    return fault_result(fault, result.outcome)
  end
  return result
end

--- Returns the HTTP status that the client receives, or nil if the fault resets the connection before the reply.
local function sent_status(reply, fault)
  if fault and fault.fault == "reset" then
    return nil
  elseif fault and fault.fault == "html" then
    return fault.status or 502
  end
  return reply.status
end

local function record(parts, request, call, result, reply, fault)
  parts.journal:add({
    action = call.action,
    version = call.version,
    params = call.params,
    outcome = result.outcome,
    acted = result.outcome == "acted",
    detail = result.detail,
    status = sent_status(reply, fault),
    code = result.refusal and result.refusal.code,
    fault = fault and fault.fault,
    token = call.params.ClientToken,
    access_key_id = call.access_key_id,
    algorithm = call.algorithm,
    nonce = call.nonce,
    method = request.method,
    query_bytes = #request.query,
    body_bytes = #request.body,
    user_agent = request.headers["user-agent"],
    request_id = reply.request_id,
    time = reply.time,
  })
end

local function finish(parts, request, call, result, fault)
  local reply = new_reply(parts)
  if result.refusal then
    reply.status, reply.retry_after = result.refusal.status, result.refusal.retry_after
    reply.body = gateway.error_body(result.refusal, reply.request_id, request.headers.host or "")
  else
    reply.body = (fault and replies.body or replies.pieces)(result, reply.request_id)
  end
  record(parts, request, call, result, reply, fault)
  return reply, fault
end

--- Answers one API call.
---@return table reply {status, body, request_id, trace_id, time, retry_after}; without a fault, the body can be a
--- list of texts
---@return table|nil fault the fault that affects how the reply is sent
function M.api(parts, request)
  local call, refusal = parts.gateway:check(request)
  if refusal then
    return finish(parts, request, call, { refusal = refusal, outcome = "refused" })
  end
  local fault = parts.faults:take(call.action)
  return finish(parts, request, call, perform_with_fault(parts, call, fault), fault)
end

--- Answers a request of which only the HTTP status of the refusal is known.
function M.unreadable(parts, status)
  local request = { method = "", query = "", body = "", headers = {} }
  return (finish(parts, request, { params = {} }, { refusal = gateway.unreadable(status), outcome = "refused" }))
end

--- Answers one request to the metadata service or to the credentials URI.
---@return table reply {status, body, content_type, request_id, trace_id, time}
---@return table|nil fault the fault that affects how the reply is sent
function M.metadata(parts, request)
  local action = parts.metadata.action(request)
  local fault = parts.faults:take(action)
  local reply = new_reply(parts)
  reply.content_type = "text/plain"
  reply.status, reply.body = parts.metadata:answer(request)
  if fault and fault.is_error then
    reply.status, reply.body = fault.status, fault.message
  end
  parts.journal:add({
    action = action, method = request.method, status = reply.status, fault = fault and fault.fault,
    token = request.headers["x-aliyun-ecs-metadata-token"], user_agent = request.headers["user-agent"],
    time = reply.time,
  })
  return reply, fault
end

return M
