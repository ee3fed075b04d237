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
  run = function(text)
    local value = json.decode(text)
    if value == nil then return end
    local encoded = json.encode(value)
    assert(json.encode(assert(json.decode(encoded))) == encoded, "the JSON changes when it is read and written")
  end,
}

local ROWS = {
  ["2020-05-18"] = {
    GetThing = { version = "2020-05-18", method = "POST", params = { { "FileId", "long" }, { "Text", "string" }, { "On", "boolean" } } },
  },
}
local KEYS = {
  { access_key_id = "i", access_key_secret = "s" }, { access_key_id = "t", access_key_secret = "s", security_token = "token" },
}

local function gateway()
  return gateways.new { crypto = crypto, now = function() return NOW end, actions = ROWS, credentials = KEYS, is_known = function() return false end }
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

M.gateway = {
  planted = { "lua/dataworks/emulator/gateway/acs3.lua", "signature ~= call.signature or", "false and" },
  run = function(text)
    local from = bytes.new(text)
    local headers = {
      host = "h", ["x-acs-action"] = "GetThing", ["x-acs-version"] = "2020-05-18", ["x-acs-date"] = from:pick { DATE, "x", "2024-05-18T09:09:10Z" },
      ["x-acs-signature-nonce"] = "n", ["x-acs-content-sha256"] = from:word(), ["content-type"] = "application/x-www-form-urlencoded",
    }
    if from:below(2) == 0 then
      headers.authorization = from:pick { "", "ACS3-HMAC-SHA256 ", "ACS3-HMAC-SHA256 Credential=i,SignedHeaders=" .. SIGNED .. ",Signature=" } .. from:word()
    end
    local request = { method = from:pick { "POST", "GET", "PUT" }, path = "/", query = from:word(), headers = headers, body = from:rest() }
    local call, refused = gateway():check(request)
    check(call, refused)
    assert(refused, "a forged request passes")
  end,
}

M.signed_gateway = {
  planted = { "lua/dataworks/emulator/gateway/parameters.lua", "(%d+)$", "(%d+)" },
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
    local call, refused = gateway():check(request)
    check(call, refused)
    assert(not refused or not refused.code:find "Signature", "a good signature is refused")
    local id = not refused and call.params.FileId
    assert(not id or id:find "^%-?%d+$", "not a number")
    local digits = id and id:gsub("^%-?0*", "") or "0"
    assert(#digits < 19 or #digits == 19 and digits <= "9223372036854775808", "not a 64-bit number")
  end,
}

return M
