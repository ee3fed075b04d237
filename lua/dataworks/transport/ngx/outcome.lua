-- What comes of a request that was, or could not be, written. The codes are those that libcurl has for the same.

local inflate = require "dataworks.transport.inflate"

local M = {}

--- A reply that can't be understood, or is too large.
local function spoilt(sent, message, code)
  local too_large = message:find("larger than", 1, true)
  return {
    kind = "protocol", sent = sent, message = message, code = too_large and "CURLE_FILESIZE_EXCEEDED" or code,
    advice = too_large and "max_reply_bytes sets the limit" or nil,
  }
end

local function late(sent, message)
  return { kind = "timeout", sent = sent, message = message, code = "CURLE_OPERATION_TIMEDOUT" }
end

--- Why there is no reply.
---@param failure dataworks.ReplyFailure
---@param begun boolean its final status line has come
---@param reused boolean the connection was a kept one
---@return table failure
function M.lost(failure, begun, reused)
  local sent = begun or "unknown"
  if failure.why == "malformed" then
    return spoilt(sent, failure.message, "CURLE_WEIRD_SERVER_REPLY")
  elseif failure.error == "timeout" then
    return late(sent, "the deadline passed while the reply was awaited")
  end
  local message, code = failure.message, "CURLE_RECV_ERROR"
  if failure.error ~= "closed" then
    message = message .. ": " .. tostring(failure.error)
  elseif begun then
    code = "CURLE_PARTIAL_FILE"
  else
    code = "CURLE_GOT_NOTHING"
    message = reused and message .. " (it was a kept one)" or message
  end
  return { kind = "transport", sent = sent, message = message, code = code }
end

--- The reply's body as it was before it was compressed.
---@param reply { status: integer, headers: table<string, string>, body: string }
---@param most integer bytes
---@return table|nil reply
---@return table|nil failure
function M.decoded(reply, most)
  local coding = (reply.headers["content-encoding"] or "identity"):lower()
  if coding == "identity" or reply.body == "" then
    return reply
  elseif (coding ~= "gzip" and coding ~= "x-gzip") or not inflate.available() then
    return nil, spoilt(true, "the reply has a Content-Encoding that was not asked for", "CURLE_BAD_CONTENT_ENCODING")
  end
  local body, message = inflate.gunzip(reply.body, most)
  if not body then
    return nil, spoilt(true, message, "CURLE_BAD_CONTENT_ENCODING")
  end
  reply.body = body
  return reply
end

--- nginx says "closed" of a connection that had ended before anything was written to it. So it ends one whose
--- certificate it refused, too; but when the handshake was over at once, it has called that a success before
--- (lua-nginx-module's pull request 2506).
---@param err string of nginx
---@param reused boolean
---@param is_tls boolean
---@return table failure
function M.unwritten(err, reused, is_tls)
  if err == "timeout" then
    return late("unknown", "the deadline passed while the request was sent")
  elseif err == "closed" and not reused and is_tls then
    return {
      kind = "transport", sent = false, code = "CURLE_PEER_FAILED_VERIFICATION",
      message = "the certificate was refused, and nginx does not say why",
      advice = "check the endpoint and the clock; the authorities to trust are set by lua_ssl_trusted_certificate",
    }
  end
  return {
    kind = "transport", sent = err ~= "closed" and "unknown", code = "CURLE_SEND_ERROR",
    message = "the request could not be sent: " .. tostring(err),
  }
end

return M
