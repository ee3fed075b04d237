-- What stands in front of the service: finds the action, verifies the caller, and checks that the parameters
-- are there. It answers a refusal with the provider's own code, status and text.

local dates = require "dataworks.util.dates"
local json = require "dataworks.emulator.json"
local nonces = require "dataworks.emulator.nonces"
local signature = require "dataworks.emulator.signature"

local M = {}
M.__index = M

local ACS3_WINDOW = 15 * 60
local RPC_WINDOW = 31 * 60

-- A nonce has to outlive the longest time its date stays good: one window behind the clock and one ahead.
local NONCE_MEMORY = 2 * RPC_WINDOW

--- Parameters of the protocol, which are no parameters of an action.
local COMMON = {
  Action = true, Version = true, Format = true, Timestamp = true, AccessKeyId = true, SecurityToken = true,
  Signature = true, SignatureMethod = true, SignatureNonce = true, SignatureVersion = true,
  SignatureType = true, BearerToken = true,
}

local function refuse(status, code, message)
  return { status = status, code = code, message = message }
end

local function missing(name)
  return refuse(400, "Missing" .. name, name .. " is mandatory for this action.")
end

local function invalid(name)
  return refuse(400, "Invalid" .. name, ("Specified parameter %s is not valid."):format(name))
end

--- A gateway for one set of actions and key pairs.
--- Actions are rows by version and name.
---@param options {crypto: table, now: fun(): number, actions: table<string, table>, credentials: table[]}
---@return table
function M.new(options)
  local self = setmetatable({
    crypto = options.crypto,
    now = options.now,
    actions = options.actions,
    nonces = nonces.new(NONCE_MEMORY),
    issued = {},
  }, M)
  self:set_credentials(options.credentials)
  return self
end

local function accept(self, entry)
  if entry.bearer_token then
    self.bearers[entry.bearer_token] = entry
    return
  end
  self.keys[entry.access_key_id] = entry
  if entry.security_token then
    self.tokens[entry.security_token] = entry
  end
end

--- Replaces the key pairs: {access_key_id, access_key_secret, security_token, expires, disabled} or {bearer_token}.
---@param list table[]
function M:set_credentials(list)
  self.keys, self.tokens, self.bearers = {}, {}, {}
  for _, entries in ipairs({ list, self.issued }) do
    for _, entry in ipairs(entries) do
      accept(self, entry)
    end
  end
end

--- Temporary credentials that were handed out.
---@param entry table
function M:add_credentials(entry)
  self.issued[#self.issued + 1] = entry
  accept(self, entry)
end

local function read_parameters(_, request, call)
  request.query_pairs = signature.parse(request.query)
  request.form_pairs = {}
  if (request.headers["content-type"] or ""):lower():find("^application/x%-www%-form%-urlencoded") then
    request.form_pairs = signature.parse(request.body)
  end
  local all, common = {}, {}
  for _, list in ipairs({ request.query_pairs, request.form_pairs }) do
    for _, pair in ipairs(list) do
      all[#all + 1] = pair
      local into = COMMON[pair[1]] and common or call.params
      into[pair[1]] = into[pair[1]] or pair[2]
    end
  end
  request.all_pairs, request.common = all, common
end

local function find_action(self, request, call)
  local headers, common = request.headers, request.common
  call.action = common.Action or headers["x-acs-action"]
  call.version = common.Version or headers["x-acs-version"]
  if not call.action then
    return missing("Action")
  elseif not call.version then
    return missing("Version")
  elseif not self.actions[call.version] then
    return invalid("Version")
  end
  local row = request.path == "/" and self.actions[call.version][call.action]
  if not row then
    return refuse(404, "InvalidAction.NotFound",
      "Specified api is not found, please check your url and method.")
  elseif request.method ~= "POST" and request.method ~= "GET" and request.method ~= row.method then
    return refuse(400, "UnsupportedHTTPMethod", "This http method is not supported.")
  end
  request.row = row
end

local function check_format(_, request)
  local format = request.common.Format
  if format and format:upper() ~= "JSON" then
    return refuse(400, "InvalidParameter.Format", "Specified parameter format is not valid.")
  end
end

local function incomplete(detail)
  return refuse(400, "IncompleteSignature",
    "The request signature does not conform to Aliyun standards. " .. detail)
end

local CREDENTIAL = "^Credential=([^,]*),%s*SignedHeaders=([^,]*),%s*Signature=([^,%s]*)%s*$"

--- ACS3 puts everything in headers; what it signs is what SignedHeaders says.
local function read_acs3(request, call, authorization)
  local algorithm, rest = authorization:match("^(%S*)%s*(.*)$")
  if not signature.acs3_digests[algorithm] then
    return refuse(400, "InvalidSignatureMethod", "Specified signature method is not valid.")
  end
  local id, signed, given = rest:match(CREDENTIAL)
  if not id then
    return incomplete(("server Authorization is [%s]"):format(authorization))
  end
  local headers = request.headers
  local names = {}
  for name in signed:gmatch("[^;]+") do
    names[#names + 1] = name
  end
  call.algorithm, call.access_key_id = algorithm, id
  request.signed, request.signature = names, given
  request.date, request.nonce = headers["x-acs-date"], headers["x-acs-signature-nonce"]
  request.token, request.window = headers["x-acs-security-token"], ACS3_WINDOW
end

local function read_rpc(request, call)
  local common = request.common
  call.access_key_id = common.AccessKeyId
  if (common.AccessKeyId or "") == "" then
    return missing("AccessKeyId")
  elseif common.SignatureMethod and common.SignatureMethod ~= "HMAC-SHA1"
    or common.SignatureVersion and common.SignatureVersion ~= "1.0" then
    return refuse(400, "InvalidSignatureMethod", "Specified signature method is not valid.")
  elseif not common.Signature then
    return missing("Signature")
  end
  call.algorithm = "HMAC-SHA1"
  request.signature, request.token, request.window = common.Signature, common.SecurityToken, RPC_WINDOW
  request.date, request.nonce = common.Timestamp, common.SignatureNonce
end

local function read_signature(_, request, call)
  local authorization = request.headers.authorization
  local refusal
  if authorization then
    refusal = read_acs3(request, call, authorization)
  else
    refusal = read_rpc(request, call)
  end
  if refusal then
    return refusal
  elseif not request.date then
    return missing("Timestamp")
  elseif (request.nonce or "") == "" then
    return missing("SignatureNonce")
  end
  call.nonce = request.nonce
end

local function check_date(self, request)
  local date = dates.parse(request.date)
  if not date then
    return refuse(400, "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.")
  elseif math.abs(self.now() - date) > request.window then
    return refuse(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
  end
end

local function check_key(self, request, call)
  local key = self.keys[call.access_key_id]
  if not key then
    return refuse(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
  elseif key.disabled then
    return refuse(400, "InvalidAccessKeyId.Inactive", "Specified access key is disabled.")
  end
  request.key = key
  if not request.token then
    return key.security_token and missing("SecurityToken") or nil
  end
  local owner = self.tokens[request.token]
  if not owner then
    return refuse(400, "InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.")
  elseif owner ~= key then
    return refuse(400, "InvalidSecurityToken.MismatchWithAccessKey",
      "Specified SecurityToken mismatch with the AccessKey.")
  elseif owner.expires and owner.expires <= self.now() then
    return refuse(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
  end
end

local function verify_rpc(self, request)
  local list = {}
  for _, pair in ipairs(request.all_pairs) do
    if pair[1] ~= "Signature" then
      list[#list + 1] = pair
    end
  end
  local secret = request.key.access_key_secret
  local expected, string_to_sign = signature.rpc(self.crypto, secret, request.method, list)
  if expected ~= request.signature then
    return refuse(400, "SignatureDoesNotMatch",
      "Specified signature is not matched with our calculation. server string to sign is:" .. string_to_sign)
  end
end

local function unsigned_header(request)
  local signed = {}
  for _, name in ipairs(request.signed) do
    signed[name:lower()] = true
  end
  if not signed.host then
    return "host"
  end
  for _, name in ipairs({ "x-acs-action", "x-acs-version", "x-acs-content-sha256" }) do
    if not request.headers[name] then
      return name
    end
  end
  for name in pairs(request.headers) do
    if name:find("^x%-acs%-") and not signed[name] then
      return name
    end
  end
end

local function verify_acs3(self, request, call)
  local expected, string_to_sign, canonical = signature.acs3(self.crypto, request.key.access_key_secret, {
    method = request.method,
    path = request.path,
    query = request.query_pairs,
    headers = request.headers,
    body = request.body,
  }, call.algorithm, request.signed)
  local body_digest = canonical:match("[^\n]*$")
  if unsigned_header(request) then
    return incomplete(("server string to sign is:[%s]"):format(string_to_sign))
  elseif expected ~= request.signature or request.headers["x-acs-content-sha256"] ~= body_digest then
    return refuse(400, "SignatureDoesNotMatch", ("Specified signature does not match our calculation. "
      .. "server StringToSign is [%s] server CanonicalRequest is [%s]"):format(string_to_sign, canonical))
  end
end

local function check_signature(self, request, call)
  if call.algorithm == "HMAC-SHA1" then
    return verify_rpc(self, request)
  end
  return verify_acs3(self, request, call)
end

--- After the signature, so that a forged request can't use up somebody's nonce.
local function check_nonce(self, request, call)
  if not self.nonces:add(call.access_key_id .. "\n" .. request.nonce, self.now()) then
    return refuse(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
  end
end

--- The largest and the smallest of each type.
local INTEGERS = {
  long = { "9223372036854775807", "9223372036854775808" }, int32 = { "2147483647", "2147483648" },
}

local function is_integer(text, limits)
  local sign, digits = text:match("^(%-?)0*(%d+)$")
  if not digits then
    return false
  end
  local limit = sign == "-" and limits[2] or limits[1]
  return #digits < #limit or #digits == #limit and digits <= limit
end

local function check_parameters(_, request, call)
  for _, spec in ipairs(request.row.params) do
    local name, kind = spec[1], spec[2]
    local value = call.params[name]
    if value == nil or value == "" then
      if spec.required then
        return missing(name)
      end
      call.params[name] = nil
    elseif INTEGERS[kind] and not is_integer(value, INTEGERS[kind]) then
      return invalid(name)
    elseif kind == "boolean" and value:lower() ~= "true" and value:lower() ~= "false" then
      return invalid(name)
    end
  end
end

local function run(steps, self, request, call)
  for _, step in ipairs(steps) do
    local refusal = step(self, request, call)
    if refusal then
      return refusal
    end
  end
end

local SIGNATURE_STEPS = { read_signature, check_date, check_key, check_signature, check_nonce }

--- A signature, unless the action needs none, or there is a token instead.
local function check_caller(self, request, call)
  if request.row.unsigned then
    return nil
  elseif request.common.SignatureType ~= "BEARERTOKEN" then
    return run(SIGNATURE_STEPS, self, request, call)
  end
  call.algorithm = "BEARERTOKEN"
  if not self.bearers[request.headers["x-acs-bearer-token"] or request.common.BearerToken or ""] then
    return refuse(400, "InvalidBearerToken", "Specified BearerToken is not valid.")
  end
end

local STEPS = { read_parameters, find_action, check_format, check_caller, check_parameters }

--- Checks a request as it came over the wire.
---@param request {method: string, path: string, query: string, headers: table<string, string>, body: string}
---@return table call {action, version, params, access_key_id, algorithm, nonce}, as far as it was understood;
--- request.row is the action's row
---@return table|nil refusal {status, code, message}
function M:check(request)
  local call = { params = {} }
  return call, run(STEPS, self, request, call)
end

--- The body of an error reply.
---@param refusal {code: string, message: string}
---@param request_id string
---@param host string the Host header
---@return string
function M.error_body(refusal, request_id, host)
  return json.encode(json.object(
    "RequestId", request_id,
    "HostId", (host:gsub(":%d+$", "")),
    "Code", refusal.code,
    "Message", refusal.message,
    "Recommend", ("https://api.aliyun.com/troubleshoot?q=%s&product=dataworks-public&requestId=%s")
      :format(signature.encode(refusal.code), request_id)
  ))
end

return M
