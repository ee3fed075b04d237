-- The signature algorithms ACS3-HMAC-SHA256 and ACS3-HMAC-SM3. The fields of the signature are headers of the request.
-- The field SignedHeaders lists the names of the headers that the signature covers.

local encoding = require "dataworks.emulator.encoding"
local query = require "dataworks.emulator.query"
local refusal = require "dataworks.emulator.gateway.refusal"
local tables = require "dataworks.util.tables"
local texts = require "dataworks.util.text"

local M = {}

--- The largest accepted difference between the date of a request and the clock, in seconds.
M.WINDOW = 15 * 60

local DIGESTS = { ["ACS3-HMAC-SHA256"] = "sha256", ["ACS3-HMAC-SM3"] = "sm3" }
local REQUIRED_HEADERS = { "x-acs-action", "x-acs-version", "x-acs-content-sha256" }

local function incomplete(detail)
  return refusal.new(400, "IncompleteSignature",
    "The request signature does not conform to Aliyun standards. " .. detail)
end

--- Returns the fields of the header Authorization. Official SDKs send them in different orders.
local function parse_fields(text)
  local fields = {}
  for field in text:gmatch("[^,]+") do
    local name, value = texts.trim(field):match("^(%a+)=(.*)$")
    fields[name or ""] = value
  end
  return fields
end

--- Reads the fields of the signature from the headers of the request, and stores them in the call.
---@return dataworks.emulator.Refusal|nil refusal nil if the headers are well formed
function M.read(request, call)
  local headers = request.headers
  local algorithm, rest = headers.authorization:match("^(%S*)%s*(.*)$")
  if not DIGESTS[algorithm] then
    return refusal.invalid_signature_method()
  end
  local fields = parse_fields(rest)
  local id, names, signature = fields.Credential, fields.SignedHeaders, fields.Signature
  if not (id and names and signature) then
    return incomplete(("server Authorization is [%s]"):format(headers.authorization))
  end
  call.signed_headers = {}
  for name in names:gmatch("[^;]+") do
    table.insert(call.signed_headers, name:lower())
  end
  call.algorithm, call.access_key_id, call.signature = algorithm, id, signature
  call.date, call.nonce = headers["x-acs-date"], headers["x-acs-signature-nonce"]
  call.security_token = headers["x-acs-security-token"]
end

--- Calculates the signature of a request.
---@param crypto table has the functions digest and hmac
---@param secret string the AccessKey secret
---@param signed_headers string[] names in lower case
---@param parameters? table[] {name, value} of each parameter of the query; default: parsed from the query
---@return string signature
---@return string string_to_sign
---@return string[] canonical_request pieces of the text
---@return string body_digest
function M.sign(crypto, secret, request, algorithm, signed_headers, parameters)
  local digest = DIGESTS[algorithm]
  local body_digest = encoding.hex(crypto.digest(digest, request.body))
  local names = tables.merge(signed_headers)
  table.sort(names)
  local canonical_request = {
    request.method, "\n", request.path, "\n", query.canonical(parameters or query.parse(request.query)), "\n",
  }
  for _, name in ipairs(names) do
    canonical_request[#canonical_request + 1] = name .. ":" .. texts.trim(request.headers[name] or "") .. "\n"
  end
  canonical_request[#canonical_request + 1] = ("\n%s\n%s"):format(table.concat(names, ";"), body_digest)
  local string_to_sign = algorithm .. "\n" .. encoding.hex(crypto.digest(digest, canonical_request))
  return encoding.hex(crypto.hmac(digest, secret, string_to_sign)), string_to_sign, canonical_request, body_digest
end

--- Returns true if the request has all required headers, and if the signature covers all x-acs- headers. It does not
--- have to cover Host: the older official SDK for Java does not sign Host.
local function has_required_headers(request, signed_headers)
  local is_signed = {}
  for _, name in ipairs(signed_headers) do
    is_signed[name] = true
  end
  for _, name in ipairs(REQUIRED_HEADERS) do
    if not request.headers[name] then
      return false
    end
  end
  for name in pairs(request.headers) do
    if name:sub(1, 6) == "x-acs-" and not is_signed[name] then
      return false
    end
  end
  return true
end

--- Verifies the signature of a request.
---@param crypto table has the functions digest and hmac
---@param secret string the AccessKey secret
---@return dataworks.emulator.Refusal|nil refusal nil if the signature is right
function M.verify(crypto, secret, request, call)
  local signature, string_to_sign, canonical_request, body_digest =
    M.sign(crypto, secret, request, call.algorithm, call.signed_headers, call.query)
  if not has_required_headers(request, call.signed_headers) then
    return incomplete(("server string to sign is:[%s]"):format(string_to_sign))
  elseif signature ~= call.signature or request.headers["x-acs-content-sha256"] ~= body_digest then
    return refusal.new(400, "SignatureDoesNotMatch", ("Specified signature does not match our calculation. "
      .. "server StringToSign is [%s] server CanonicalRequest is [%s]"):format(
        string_to_sign, table.concat(canonical_request)))
  end
end

return M
