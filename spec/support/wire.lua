-- Calls an emulator over HTTP. The C core signs the requests, and the emulator verifies the signatures. The C core and
-- the emulator share no code.

require "dataworks.api.core_data"
local actions = require "dataworks.api.actions"
local core = require "dataworks.core"
local curl = require "dataworks.curl"

local M = {}

local TIMEOUT = 30

--- Builds a signed request.
---@param emulator table a result of spec.support.emulator.start
---@param changes table|nil values to use instead of the defaults: algorithm, access_key_id, access_key_secret,
--- security_token, date, nonce
function M.request(emulator, action, params, changes)
  changes = changes or {}
  local signer = core.signer {
    algorithm = changes.algorithm or "ACS3-HMAC-SHA256",
    access_key_id = changes.access_key_id or emulator.access_key_id,
    access_key_secret = changes.access_key_secret or emulator.access_key_secret,
    security_token = changes.security_token,
  }
  return assert(core.request(action, actions[action], params, {
    signer = signer,
    endpoint = emulator.endpoint,
    date = changes.date or math.floor(core.time()),
    nonce = changes.nonce or core.nonce(),
  }))
end

--- Sends a request on a new connection.
---@return table|nil reply {status, headers, body}
---@return table|nil err
function M.send(emulator, request, timeout)
  local session = curl.new { ca_file = emulator.ca_file, max_reply_bytes = 1000000, allow_http = true }
  local status, headers, body = session:send(request, timeout or TIMEOUT)
  session:close()
  if not status then
    return nil, headers
  end
  return { status = status, headers = curl.headers(headers), body = body }
end

--- Builds a signed request, and sends it on a new connection. `changes` can also have a timeout.
---@return table|nil reply {status, headers, body}
---@return table|nil err
function M.call(emulator, action, params, changes)
  return M.send(emulator, M.request(emulator, action, params, changes), changes and changes.timeout)
end

return M
