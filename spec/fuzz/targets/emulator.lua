-- The emulator: its JSON and its gateway, for forged and for well signed requests.

local acs3 = require "dataworks.emulator.gateway.acs3"
local bytes = require "spec.fuzz.bytes"
local crypto = require "spec.fuzz.crypto"
local gateways = require "dataworks.emulator.gateway"
local json = require "dataworks.emulator.json"

local NOW = 1716019750
local DATE = "2024-05-18T08:09:10Z"
local SIGNED = "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"

local M = {}

M.emulator_json = {
  planted = { "lua/dataworks/emulator/json/decode.lua", "plain, stop + 2", "plain, stop + 1" },
  covers = { "lua/dataworks/emulator/json/decode.lua", "lua/dataworks/emulator/json/encode.lua" },
  run = function(text)
    local value = json.decode(text)
    if value == nil then return end
    local encoded = json.encode(value)
    assert(json.encode(json.decode(encoded)) == encoded, "the JSON changes when it is read and written")
  end,
}

local ROWS = {
  ["2020-05-18"] = {
    GetThing = { version = "2020-05-18", method = "POST", params = { { "FileId", "long" }, { "Text", "string" }, { "On", "boolean" } } },
  },
}
local KEYS = {
  { access_key_id = "i", access_key_secret = "s" }, { access_key_id = "d", access_key_secret = "s", disabled = true },
  { access_key_id = "e", access_key_secret = "s", security_token = "expired", expires = NOW - 1 }, { bearer_token = "bearer" }, { access_key_id = "t", access_key_secret = "s", security_token = "token" },
}

local function gateway()
  return gateways.new { crypto = crypto, now = function() return NOW end, actions = ROWS, credentials = KEYS, is_known = function(action) return action == "KnownThing" end }
end

--- A refusal has a code and a status of an error.
local function check(call, refused)
  if refused then
    assert(type(refused.code) == "string" and refused.status >= 400 and refused.status < 500, "not a refusal")
    assert(json.decode(gateways.error_body(refused, "R", "h")))
  else
    assert(call.row and call.account, "a call without a caller")
  end
end

-- Parameters of the protocol that stand before the query.
local RPC_QUERIES = {
  "", "", "AccessKeyId=i&Signature=x&SignatureNonce=n&Timestamp=" .. DATE .. "&", "AccessKeyId=d&Signature=x&SignatureNonce=n&Timestamp=" .. DATE .. "&",
  "AccessKeyId=e&Signature=x&SignatureNonce=n&SecurityToken=expired&Timestamp=" .. DATE .. "&", "AccessKeyId=i&SignatureMethod=x&", "Format=XML&",
  "Format=x&", "SignatureType=BEARERTOKEN&BearerToken=x&", "AccessKeyId=i&Signature=x&Timestamp=" .. DATE .. "&", "AccessKeyId=i&Signature=x&",
}

M.gateway = {
  planted = { "lua/dataworks/emulator/gateway/acs3.lua", "signature ~= call.signature or", "false and" },
  covers = { "lua/dataworks/emulator/gateway.lua" },
  run = function(text)
    local from = bytes.new(text)
    local headers = {
      host = "h", ["x-acs-action"] = "GetThing", ["x-acs-version"] = "2020-05-18", ["x-acs-date"] = from:pick { DATE, "x", "2024-05-18T09:09:10Z" },
      ["x-acs-signature-nonce"] = "n", ["x-acs-content-sha256"] = from:word(), ["content-type"] = "application/x-www-form-urlencoded",
    }
    if from:below(2) == 0 then
      headers.authorization = from:pick { "", "ACS3-HMAC-SHA256 ", "ACS3-HMAC-SHA256 Credential=i,SignedHeaders=" .. SIGNED .. ",Signature=" } .. from:word()
    end
    headers["x-acs-security-token"] = ({ nil, nil, "token", "expired", "x" })[#text % 5 + 1]
    headers["x-acs-action"] = ({ "GetThing", "GetThing", "GetThing", "GetThing", "KnownThing", "OtherThing", nil })[#text % 7 + 1]
    headers["x-acs-version"] = ({ "2020-05-18", "2020-05-18", "2020-05-18", nil, "2020" })[#text % 6 + 1] or #text % 2 == 0 and "2020-05-18" or nil
    local common = RPC_QUERIES[#text % #RPC_QUERIES + 1]
    local request = { method = from:pick { "POST", "GET", "PUT" }, path = "/", query = common .. from:word(), headers = headers, body = from:rest() }
    local front = gateway()
    local call, refused = front:check(request)
    if #text % 4 == 0 then front:forget() end
    check(call, refused)
    assert(refused, "a forged request passes")
  end,
}

local function none() end

-- Changes of the headers after the request was signed.
local DAMAGES = {
  none, none, none, none, none, none,
  function(headers) headers["x-acs-more"] = "x" end,
  function(headers) headers["x-acs-content-sha256"] = nil end,
  function(headers) headers.authorization = headers.authorization:gsub("Signature=%x", "Signature=x") end,
  function(headers) headers.authorization = headers.authorization:gsub("Signature=.*", "") end,
  function(headers) headers.authorization = headers.authorization:gsub("SHA256", "SHA1") end,
}

M.signed_gateway = {
  planted = { "lua/dataworks/emulator/gateway/parameters.lua", "(%d+)$", "(%d+)" },
  covers = { "lua/dataworks/emulator/gateway/acs3.lua:parse_fields,read,sign,verify,has_required_headers", "lua/dataworks/emulator/gateway/parameters.lua" },
  run = function(text)
    local from = bytes.new(text)
    local headers = {
      host = "h", ["x-acs-action"] = "GetThing", ["x-acs-version"] = "2020-05-18", ["x-acs-date"] = DATE, ["x-acs-signature-nonce"] = "n",
      ["content-type"] = from:pick { "application/x-www-form-urlencoded", "application/json" },
    }
    local request = { method = "POST", path = "/", query = from:pick { "", "FileId=", "On=" } .. from:word(), headers = headers, body = from:rest() }
    headers["x-acs-content-sha256"] = request.body and (crypto.digest(nil, request.body):gsub(".", function(c) return ("%02x"):format(c:byte()) end))
    local names = {}
    for name in SIGNED:gmatch "[^;]+" do names[#names + 1] = name end
    local signature = acs3.sign(crypto, "s", request, "ACS3-HMAC-SHA256", names)
    headers.authorization = ("ACS3-HMAC-SHA256 Credential=i,SignedHeaders=%s,Signature=%s"):format(SIGNED, signature)
    local damage = DAMAGES[#text % #DAMAGES + 1]
    damage(headers)
    local call, refused = gateway():check(request)
    check(call, refused)
    assert(damage == none or refused and refused.code ~= "InvalidParameter", "a damaged signature passes")
    assert(damage ~= none or not refused or not refused.code:find "Signature", "a good signature is refused")
    local id = not refused and call.params.FileId
    assert(not id or id:find "^%-?%d+$", "not a number")
    local digits = id and id:gsub("^%-?0*", "") or "0"
    assert(#digits < 19 or #digits == 19 and digits <= "9223372036854775808", "not a 64-bit number")
  end,
}

return M
