-- Creates the error of a failed attempt: adds fields about the call, and redacts secrets.

local core = require "dataworks.core"
local endpoints = require "dataworks.api.endpoints"
local error_codes = require "dataworks.protocol.error_codes"
local errors = require "dataworks.error"
local retry = require "dataworks.call.retry"

local M = {}

-- Errors of these kinds are found before a request is sent.
local KINDS_BEFORE_SENDING = { invalid = true, credentials = true }

--- Returns a function that redacts the client's secrets and the signature of this request. The function searches for
--- the signature on its first use, because most calls never use the function.
---@param request userdata|table the request as it was signed
function M.redactor(caller, request)
  local redact
  return function(text, max_bytes)
    if not redact then
      local signed = request.headers.authorization or request.url .. "&" .. request.body
      local signature = signed:match("Signature=([^&]*)") or ""
      redact = caller.key_cache:redactor { signature, core.percent_decode(signature) }
    end
    return redact(text, max_bytes)
  end
end

--- Creates the error of a failed attempt.
---@param fields table the fields of the error
function M.complete(caller, call, fields)
  local err = errors.new(fields)
  err.action, err.attempts, err.elapsed = call.row.name, call.attempts, caller.clock() - call.started
  err.client_token = call.client_token
  if KINDS_BEFORE_SENDING[err.kind] then
    err.sent, err.may_have_acted = false, false
  else
    err.endpoint = caller.endpoint:match("//(.*)$")
    if err.sent == nil then
      err.sent, err.may_have_acted = "unknown", true
    end
  end
  err.retryable = retry.is_retryable(err, call.row.repeatable, call.client_token ~= nil)
  if err.code == "CURLE_COULDNT_RESOLVE_HOST" then
    err.advice = endpoints.unresolved_advice(caller.endpoint) or err.advice
  end
  if error_codes.recoverable_cause(err) == "clock" then
    err.advice = caller.clock_skew:advice(call.reply.headers.date) or err.advice
  end
  -- If the service may have acted on an earlier attempt, the outcome of the call is unknown. A call that only reads is
  -- the exception, because a reply to its last attempt settles the outcome. A call without a ClientToken is retried
  -- after such an attempt only if it reads.
  local is_settled = err.sent ~= false and not call.client_token
  if call.possibly_sent and not is_settled and not err.may_have_acted then
    err.sent, err.may_have_acted = "unknown", true
  end
  return err
end

return M
