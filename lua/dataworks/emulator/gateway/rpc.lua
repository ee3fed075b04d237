-- The signature algorithm HMAC-SHA1. The fields of the signature are parameters of the request. The signature covers
-- all parameters of the query and of the form.

local encoding = require "dataworks.emulator.encoding"
local query = require "dataworks.emulator.query"
local refusal = require "dataworks.emulator.gateway.refusal"

local M = {}

--- The largest accepted difference between the date of a request and the clock, in seconds.
M.WINDOW = 31 * 60

--- Reads the fields of the signature from the parameters of the protocol, and stores them in the call.
---@param _ table the request, which is not used
---@return dataworks.emulator.Refusal|nil refusal nil if no field is missing or wrong
function M.read(_, call)
  local common = call.common
  call.access_key_id = common.AccessKeyId
  if (common.AccessKeyId or "") == "" then
    return refusal.missing("AccessKeyId")
  elseif common.SignatureMethod and common.SignatureMethod ~= "HMAC-SHA1"
    or common.SignatureVersion and common.SignatureVersion ~= "1.0" then
    return refusal.invalid_signature_method()
  elseif not common.Signature then
    return refusal.missing("Signature")
  end
  call.algorithm, call.signature, call.security_token = "HMAC-SHA1", common.Signature, common.SecurityToken
  call.date, call.nonce = common.Timestamp, common.SignatureNonce
end

--- Calculates the signature of a request.
---@param crypto table has the function hmac
---@param secret string the AccessKey secret
---@param list table[] {name, value} of each parameter except Signature
---@return string signature
---@return string[] string_to_sign pieces of the text
function M.sign(crypto, secret, method, list)
  local string_to_sign, separator = { method, "&%2F&" }, ""
  for _, pair in ipairs(query.canonical_pairs(list)) do
    string_to_sign[#string_to_sign + 1] = separator
    string_to_sign[#string_to_sign + 1] = encoding.percent_encode(pair)
    separator = "%26"
  end
  return encoding.base64(crypto.hmac("sha1", secret .. "&", string_to_sign)), string_to_sign
end

--- Verifies the signature of a request.
---@param crypto table has the function hmac
---@param secret string the AccessKey secret
---@return dataworks.emulator.Refusal|nil refusal nil if the signature is right
function M.verify(crypto, secret, request, call)
  local list = {}
  for _, pair in ipairs(call.pairs) do
    if pair[1] ~= "Signature" then
      list[#list + 1] = pair
    end
  end
  local signature, string_to_sign = M.sign(crypto, secret, request.method, list)
  if signature ~= call.signature then
    return refusal.new(400, "SignatureDoesNotMatch",
      "Specified signature is not matched with our calculation. server string to sign is:"
        .. table.concat(string_to_sign))
  end
end

return M
