-- The gateway in front of the service. It finds the action of a request, verifies the caller, and checks the
-- parameters. The refusals have the codes, HTTP statuses and messages of the real gateway.

local acs3 = require "dataworks.emulator.gateway.acs3"
local dates = require "dataworks.emulator.dates"
local encoding = require "dataworks.emulator.encoding"
local json = require "dataworks.emulator.json"
local keys = require "dataworks.emulator.gateway.keys"
local nonces = require "dataworks.emulator.gateway.nonces"
local parameters = require "dataworks.emulator.gateway.parameters"
local refusal = require "dataworks.emulator.gateway.refusal"
local rpc = require "dataworks.emulator.gateway.rpc"
local tables = require "dataworks.util.tables"

local M = {}
M.__index = M

--- How long a nonce is remembered. The date of a request can be up to one window in the past or in the future, so a
--- request stays acceptable for at most two windows.
local NONCE_SECONDS = 2 * rpc.WINDOW

--- The longest accepted path and query, in bytes.
local MAX_URL_BYTES = 16 * 1024

--- Creates a gateway. `actions` holds the catalog rows of the actions, by version and name. `is_known` returns true for
--- an action of the service that `actions` lacks.
---@param options {crypto: table, now: (fun(): number), actions: table<string, table>, credentials: table[],
--- is_known: fun(action: string, version: string): boolean}
function M.new(options)
  local parts = { keys = keys.new(options.credentials), nonces = nonces.new(NONCE_SECONDS) }
  return setmetatable(tables.merge(options, parts), M)
end

--- Forgets all nonces, and the temporary keys that the emulator issued.
function M:forget()
  self.nonces = nonces.new(NONCE_SECONDS)
  self.keys:forget_issued()
end

--- The codes and messages of requests that can't be read, by HTTP status. The codes are not documented for the service.
local UNREADABLE = {
  [405] = { "UnsupportedHTTPMethod", "This http method is not supported." },
  [413] = { "RequestEntityTooLarge", "The body of the request is too large." },
  [414] = { "RequestUriTooLong", "The URL of the request is longer than 16384 bytes. Send parameters in the form." },
}
local MALFORMED = { "MalformedRequest", "The request is not valid HTTP, or its headers are too large." }

--- Returns the refusal of a request that can't be read.
---@param status integer the HTTP status
function M.unreadable(status)
  local texts = UNREADABLE[status] or MALFORMED
  return refusal.new(status, texts[1], texts[2])
end

-- Each of the following functions is a step of the check. A step takes the gateway, the request and the call, and sets
-- fields of the call. It returns a refusal, or nil if the request passes.

local function find_action(self, request, call)
  call.action = call.common.Action or request.headers["x-acs-action"]
  call.version = call.common.Version or request.headers["x-acs-version"]
  if not call.action then
    return refusal.missing("Action")
  elseif not call.version then
    return refusal.missing("Version")
  elseif not self.actions[call.version] then
    return refusal.invalid("Version")
  end
  call.row = request.path == "/" and self.actions[call.version][call.action] or nil
  if call.row then
    return nil
  elseif request.path == "/" and self.is_known(call.action, call.version) then
    return refusal.not_served(("the action %s of version %s"):format(call.action, call.version))
  end
  return refusal.new(404, "InvalidAction.NotFound",
    "Specified api is not found, please check your url and method.")
end

--- Refuses a long URL. It runs after the parameters were read, so that the journal shows them.
local function check_length(_, request)
  if #request.path + #request.query > MAX_URL_BYTES then
    return M.unreadable(414)
  end
end

local function check_method(_, request, call)
  local method = request.method
  if method ~= "POST" and method ~= "GET" and method ~= call.row.method then
    return refusal.new(400, "UnsupportedHTTPMethod", "This http method is not supported.")
  end
end

local function check_format(_, _, call)
  local format = call.common.Format
  if format and format:upper() == "XML" then
    return refusal.not_served("Format=XML; send Format=JSON")
  elseif format and format:upper() ~= "JSON" then
    return refusal.new(400, "InvalidParameter.Format", "Specified parameter format is not valid.")
  end
end

local function read_signature(_, request, call)
  call.scheme = request.headers.authorization and acs3 or rpc
  local refused = call.scheme.read(request, call)
  if refused then
    return refused
  elseif not call.date then
    return refusal.missing("Timestamp")
  elseif (call.nonce or "") == "" then
    return refusal.missing("SignatureNonce")
  end
end

local function check_date(self, _, call)
  local date = dates.parse(call.date)
  if not date then
    return refusal.new(400, "InvalidTimeStamp.Format",
      "Specified time stamp or date value is not well formatted.")
  elseif math.abs(self.now() - date) > call.scheme.WINDOW then
    return refusal.new(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
  end
end

local function find_key(self, _, call)
  call.key = self.keys.by_id[call.access_key_id]
  if not call.key then
    return refusal.new(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
  elseif call.key.disabled then
    return refusal.new(400, "InvalidAccessKeyId.Inactive", "Specified access key is disabled.")
  end
end

local function check_security_token(self, _, call)
  if not call.security_token then
    return call.key.security_token and refusal.missing("SecurityToken") or nil
  end
  local owner = self.keys.by_security_token[call.security_token]
  if not owner then
    return refusal.new(400, "InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.")
  elseif owner ~= call.key then
    return refusal.new(400, "InvalidSecurityToken.MismatchWithAccessKey",
      "Specified SecurityToken mismatch with the AccessKey.")
  elseif owner.expires and owner.expires <= self.now() then
    return refusal.new(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
  end
end

local function check_signature(self, request, call)
  return call.scheme.verify(self.crypto, call.key.access_key_secret, request, call)
end

--- Refuses a nonce that was used before. Runs after check_signature, so that a forged request can't use up the nonce of
--- a genuine request.
local function check_nonce(self, _, call)
  if not self.nonces:add(call.access_key_id .. "\n" .. call.nonce, self.now()) then
    return refusal.new(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
  end
end

local function check_bearer_token(self, request, call)
  call.algorithm = "BEARERTOKEN"
  call.key = self.keys.by_bearer_token[request.headers["x-acs-bearer-token"] or call.common.BearerToken or ""]
  if not call.key then
    return refusal.new(400, "InvalidBearerToken", "Specified BearerToken is not valid.")
  end
end

--- Runs steps until one returns a refusal, and returns this refusal.
local function run(steps, self, request, call)
  for _, step in ipairs(steps) do
    local refused = step(self, request, call)
    if refused then
      return refused
    end
  end
end

local SIGNATURE_STEPS = {
  read_signature, check_date, find_key, check_security_token, check_signature, check_nonce,
}

local function check_caller(self, request, call)
  if call.row.unsigned then
    return nil
  elseif call.common.SignatureType == "BEARERTOKEN" then
    return check_bearer_token(self, request, call)
  end
  return run(SIGNATURE_STEPS, self, request, call)
end

local function find_account(_, _, call)
  call.account = call.key and keys.account_of(call.key)
end

--- The steps, in the order in which a request passes them.
local STEPS = {
  parameters.read, find_action, check_length, check_method, check_format, check_caller, find_account, parameters.check,
}

--- Checks a request.
---@return table call {action, version, row, params, access_key_id, account, algorithm, nonce}; after a refusal, the
--- fields that later steps would set are missing
function M:check(request)
  local call = {}
  return call, run(STEPS, self, request, call)
end

--- Returns the body of an error reply.
---@param host string the header Host of the request
function M.error_body(refused, request_id, host)
  return json.encode(json.object(
    "RequestId", request_id,
    "HostId", (host:gsub(":%d+$", "")),
    "Code", refused.code,
    "Message", refused.message,
    "Recommend", ("https://api.aliyun.com/troubleshoot?q=%s&product=dataworks-public&requestId=%s")
      :format(encoding.percent_encode(refused.code), request_id)
  ))
end

return M
