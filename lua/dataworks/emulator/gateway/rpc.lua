-- The signature HMAC-SHA1: its fields are parameters, and it covers all parameters of the query and the form body.

local encoding = require "dataworks.emulator.encoding"
local query = require "dataworks.emulator.query"
local refusal = require "dataworks.emulator.gateway.refusal"

local M = {}

--- How far the date of a request may be from the clock, in seconds.
M.WINDOW = 31 * 60

--- Copies the fields of the signature from the common parameters to the call.
---@param _ table request
---@param call table
---@return dataworks.emulator.Refusal|nil
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

---@param crypto table hmac
---@param secret string
---@param method string
---@param list table[] {name, value} pairs without Signature
---@return string signature
---@return string string_to_sign
function M.sign(crypto, secret, method, list)
  local string_to_sign = method .. "&%2F&" .. encoding.percent_encode(query.canonical(list))
  return encoding.base64(crypto.hmac("sha1", secret .. "&", string_to_sign)), string_to_sign
end

--- Compares the signature of a request with the expected one.
---@param crypto table
---@param secret string
---@param request table
---@param call table
---@return dataworks.emulator.Refusal|nil
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
      "Specified signature is not matched with our calculation. server string to sign is:" .. string_to_sign)
  end
end

return M
