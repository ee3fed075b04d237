local acs3 = require "dataworks.emulator.gateway.acs3"
local dates = require "dataworks.emulator.dates"
local encoding = require "dataworks.emulator.encoding"
local files = require "spec.support.files"
local gateway = require "dataworks.emulator.gateway"
local rpc = require "dataworks.emulator.gateway.rpc"

local crypto = rawget(_G, "jit") and require "dataworks.emulator.digest"

local NOW = 1716019750 -- 2024-05-18T08:09:10Z
local DATE = "2024-05-18T08:09:10Z"

local ROW = {
  version = "2020-05-18", method = "POST",
  params = {
    { "ProjectId", "long", "query", required = true },
    { "TaskContent", "json", "body" },
    { "Force", "boolean", "query" },
    { "Size", "int32", "query" },
  },
}

local CREDENTIALS = {
  { access_key_id = "id", access_key_secret = "secret" },
  { access_key_id = "sts", access_key_secret = "secret", security_token = "token" },
  { access_key_id = "late", access_key_secret = "secret", security_token = "late token", expires = NOW },
  { access_key_id = "off", access_key_secret = "secret", disabled = true },
}

local function new(changes)
  changes = changes or {}
  return gateway.new {
    crypto = crypto,
    now = changes.now or function() return NOW end,
    actions = changes.actions or { ["2020-05-18"] = { GetThing = ROW }, ["2024-05-18"] = {} },
    is_known = function(action, version) return action == "GetUnserved" and version == "2020-05-18" end,
    credentials = changes.credentials or CREDENTIALS,
  }
end

local function from_base64(text)
  return (text:gsub("%s", ""):gsub("(.)(.)(.)(.)", function(...)
    local bits = 0
    for _, char in ipairs { ... } do
      local at = ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"):find(char, 1, true)
      bits = bits * 64 + (at or 1) - 1
    end
    local bytes = string.char(math.floor(bits / 65536), math.floor(bits / 256) % 256, bits % 256)
    local _, padding = table.concat({ ... }):gsub("=", "")
    return bytes:sub(1, 3 - padding)
  end))
end

local function encode(params)
  local fields = {}
  for key, value in pairs(params) do
    fields[#fields + 1] = encoding.percent_encode(key) .. "=" .. encoding.percent_encode(value)
  end
  return table.concat(fields, "&")
end

local serial = 0

local function acs3_request(changes)
  changes = changes or {}
  serial = serial + 1
  local body = changes.body or ""
  local headers = {
    host = "127.0.0.1:8080",
    ["x-acs-action"] = "GetThing",
    ["x-acs-version"] = "2020-05-18",
    ["x-acs-date"] = DATE,
    ["x-acs-signature-nonce"] = "nonce " .. serial,
    ["x-acs-content-sha256"] = encoding.hex(crypto.digest("sha256", body)),
  }
  for name, value in pairs(changes.headers or {}) do
    headers[name] = value or nil
  end
  local names = {}
  for name in pairs(headers) do
    names[#names + 1] = name ~= changes.unsigned and name or nil
  end
  table.sort(names)
  local request = {
    method = changes.method or "POST", path = changes.path or "/", query = changes.query or "ProjectId=1",
    headers = headers, body = body,
  }
  local algorithm = changes.algorithm or "ACS3-HMAC-SHA256"
  local signed = acs3.sign(crypto, changes.secret or "secret", request, "ACS3-HMAC-SHA256", names)
  headers.authorization = ("%s Credential=%s,SignedHeaders=%s,Signature=%s"):format(algorithm,
    changes.access_key_id or "id", table.concat(names, ";"), signed)
  return request
end

local function rpc_request(changes, place)
  serial = serial + 1
  local params = {
    Action = "GetThing", Version = "2020-05-18", Format = "JSON", Timestamp = DATE, AccessKeyId = "id",
    SignatureMethod = "HMAC-SHA1", SignatureVersion = "1.0", SignatureNonce = "nonce " .. serial,
    ProjectId = "1",
  }
  for name, value in pairs(changes or {}) do
    params[name] = value or nil
  end
  local list = {}
  for name, value in pairs(params) do
    list[#list + 1] = { name, value }
  end
  params.Signature = params.Signature or rpc.sign(crypto, "secret", "POST", list)
  local text = encode(params)
  return {
    method = "POST", path = "/",
    query = place == "body" and "" or text, body = (place == "body" or place == "both") and text or "",
    headers = { ["content-type"] = "application/x-www-form-urlencoded", host = "127.0.0.1" },
  }
end

local function refusal_of(request, changes)
  local _, refusal = new(changes):check(request)
  return refusal and { refusal.status, refusal.code }
end

local function any_action(version)
  return setmetatable({}, { __index = function() return { version = version, params = {} } end })
end

local function gateway_for(version, date, key)
  return new {
    actions = { [version] = any_action(version) },
    now = function() return dates.parse(date) end,
    credentials = { key },
  }
end

describe("the gateway", function()
  if not crypto then
    pending "needs digests from LuaJIT's FFI; on other interpreters nginx_spec tests it over HTTP"
    return
  end

  for _, vector in ipairs(files.json("spec/vectors/acs3.json").vectors) do
    it("accepts the official request " .. vector.id, function()
      local headers = {}
      for name, value in pairs(vector.headers) do
        headers[name:lower()] = value
      end
      headers.authorization = vector.authorization
      local _, refusal = gateway_for(headers["x-acs-version"], headers["x-acs-date"], {
        access_key_id = vector.access_key_id,
        access_key_secret = vector.access_key_secret,
        security_token = headers["x-acs-security-token"],
      }):check {
        method = vector.method, path = vector.path, query = encode(vector.query), headers = headers,
        body = from_base64(vector.body_base64),
      }
      assert.is_nil(refusal)
    end)
  end

  for _, vector in ipairs(files.json("spec/vectors/rpc.json").vectors) do
    local params = vector.params
    if params.Timestamp and params.Format ~= "XML" then
      it("accepts the official request " .. vector.id, function()
        params.Signature = vector.signature
        local in_body = vector.method == "POST"
        local _, refusal = gateway_for(params.Version, params.Timestamp, {
          access_key_id = params.AccessKeyId,
          access_key_secret = vector.access_key_secret,
          security_token = params.SecurityToken,
        }):check {
          method = vector.method, path = "/", query = in_body and "" or encode(params),
          headers = { ["content-type"] = "application/x-www-form-urlencoded" },
          body = in_body and encode(params) or "",
        }
        assert.is_nil(refusal)
      end)
    end
  end

  it("finds parameters in the query and in the form body", function()
    local request = acs3_request {
      query = "ProjectId=1", body = "TaskContent=a+b%26%E4%B8%AD",
      headers = { ["content-type"] = "application/x-www-form-urlencoded" },
    }
    local call, refusal = new():check(request)
    assert.is_nil(refusal)
    assert.same({ ProjectId = "1", TaskContent = "a b&中" }, call.params)
    assert.same({ "GetThing", "id", "ACS3-HMAC-SHA256" }, { call.action, call.access_key_id, call.algorithm })
  end)

  it("accepts an HMAC-SHA1 call with all parameters in the query, or all in the body", function()
    assert.is_nil(refusal_of(rpc_request()))
    assert.is_nil(refusal_of(rpc_request({}, "body")))
  end)

  it("counts a parameter once that SDKs send in the query and in the form", function()
    local call, refusal = new():check(rpc_request({}, "both"))
    assert.is_nil(refusal)
    assert.equal("1", call.params.ProjectId)
    local changed = rpc_request({}, "both")
    changed.body = changed.body:gsub("ProjectId=1", "ProjectId=2")
    assert.equal("1", new():check(changed).params.ProjectId)
  end)

  it("accepts the fields of Authorization in any order, and an unsigned Host, as the older SDK for Java sends them", function()
    local request = acs3_request { unsigned = "host" }
    request.headers.authorization = request.headers.authorization:gsub("(SignedHeaders=.*),(Signature=.*)", "%2, %1")
    assert.is_nil(refusal_of(request))
  end)

  it("accepts a boolean in any case", function()
    for _, value in ipairs { "true", "True", "FALSE" } do
      assert.is_nil(refusal_of(acs3_request { query = "ProjectId=1&Force=" .. value }))
    end
  end)

  it("names what the service does and the emulator does not", function()
    for what, request in pairs {
      ["Format=XML; send Format=JSON"] = rpc_request { Format = "xml" },
      ["the action GetUnserved of version 2020-05-18"] = rpc_request { Action = "GetUnserved" },
    } do
      local _, refusal = new():check(request)
      assert.same({ 400, "NotServedByEmulator" }, { refusal.status, refusal.code })
      assert.equal(("The emulator does not serve %s. The page docs/emulator.md lists what it serves."):format(what), refusal.message)
    end
  end)

  it("accepts a URL of 16 KiB, and refuses a longer one, of which the call keeps the parameters", function()
    local query = "ProjectId=1&x=" .. ("x"):rep(16 * 1024 - 15)
    assert.is_nil(refusal_of(acs3_request { query = query }))
    local call, refusal = new():check(acs3_request { query = query .. "x" })
    assert.same({ 414, "RequestUriTooLong", "GetThing", "1" }, { refusal.status, refusal.code, call.action, call.params.ProjectId })
  end)

  it("accepts the Format JSON in any case, and a call without Format", function()
    assert.is_nil(refusal_of(rpc_request { Format = "json" }))
    assert.is_nil(refusal_of(rpc_request { Format = false }))
  end)

  local function refuses(what, status, code, request)
    it(("refuses %s with %d %s"):format(what, status, code), function()
      assert.same({ status, code }, refusal_of(request()))
    end)
  end

  refuses("an unknown action", 404, "InvalidAction.NotFound", function()
    return rpc_request { Action = "GetOther" }
  end)
  refuses("another path than /", 404, "InvalidAction.NotFound", function() return acs3_request { path = "/x" } end)
  refuses("a request without action", 400, "MissingAction", function() return rpc_request { Action = false } end)
  refuses("a request without version", 400, "MissingVersion", function() return rpc_request { Version = false } end)
  refuses("an unknown version", 400, "InvalidVersion", function() return rpc_request { Version = "2000-01-01" } end)
  refuses("an unknown format", 400, "InvalidParameter.Format", function() return rpc_request { Format = "YAML" } end)
  refuses("a request without key", 400, "MissingAccessKeyId", function()
    return rpc_request { AccessKeyId = false }
  end)
  refuses("an unknown key", 404, "InvalidAccessKeyId.NotFound", function()
    return rpc_request { AccessKeyId = "other" }
  end)
  refuses("a disabled key", 400, "InvalidAccessKeyId.Inactive", function()
    return acs3_request { access_key_id = "off" }
  end)
  refuses("another signature method", 400, "InvalidSignatureMethod", function()
    return rpc_request { SignatureMethod = "HMAC-MD5" }
  end)
  refuses("another algorithm", 400, "InvalidSignatureMethod", function()
    return acs3_request { algorithm = "ACS9" }
  end)
  refuses("no signature", 400, "MissingSignature", function()
    local request = rpc_request()
    request.query = request.query:gsub("&?Signature=[^&]*", "")
    return request
  end)
  refuses("an incomplete Authorization", 400, "IncompleteSignature", function()
    local request = acs3_request()
    request.headers.authorization = "ACS3-HMAC-SHA256 Credential=id"
    return request
  end)
  refuses("an unsigned x-acs- header", 400, "IncompleteSignature", function()
    return acs3_request { headers = { ["x-acs-extra"] = "1" }, unsigned = "x-acs-extra" }
  end)
  refuses("a missing payload digest", 400, "IncompleteSignature", function()
    return acs3_request { headers = { ["x-acs-content-sha256"] = false } }
  end)
  refuses("a wrong payload digest", 400, "SignatureDoesNotMatch", function()
    return acs3_request { headers = { ["x-acs-content-sha256"] = ("0"):rep(64) } }
  end)
  refuses("a body that was changed after signing", 400, "SignatureDoesNotMatch", function()
    local request = acs3_request { body = "a=1" }
    request.body = "a=2"
    return request
  end)
  refuses("a query that was changed after signing", 400, "SignatureDoesNotMatch", function()
    local request = acs3_request()
    request.query = "ProjectId=2"
    return request
  end)
  refuses("a wrong secret", 400, "SignatureDoesNotMatch", function() return acs3_request { secret = "other" } end)
  refuses("no date", 400, "MissingTimestamp", function() return rpc_request { Timestamp = false } end)
  refuses("no nonce", 400, "MissingSignatureNonce", function() return rpc_request { SignatureNonce = false } end)
  refuses("a date in another form", 400, "InvalidTimeStamp.Format", function()
    return rpc_request { Timestamp = "2024-05-18 08:09:10" }
  end)
  refuses("a day that does not exist", 400, "InvalidTimeStamp.Format", function()
    return rpc_request { Timestamp = "2023-02-29T08:09:10Z" }
  end)
  refuses("a missing token", 400, "MissingSecurityToken", function()
    return acs3_request { access_key_id = "sts" }
  end)
  refuses("an unknown token", 400, "InvalidSecurityToken.Malformed", function()
    return acs3_request { access_key_id = "sts", headers = { ["x-acs-security-token"] = "?" } }
  end)
  refuses("the token of another key", 400, "InvalidSecurityToken.MismatchWithAccessKey", function()
    return acs3_request { headers = { ["x-acs-security-token"] = "token" } }
  end)
  refuses("an expired token", 400, "InvalidSecurityToken.Expired", function()
    return rpc_request { AccessKeyId = "late", SecurityToken = "late token" }
  end)
  refuses("a missing parameter", 400, "MissingProjectId", function() return rpc_request { ProjectId = false } end)
  refuses("an empty required parameter", 400, "MissingProjectId", function()
    return acs3_request { query = "ProjectId=" }
  end)
  refuses("a number in another notation", 400, "InvalidProjectId", function()
    return acs3_request { query = "ProjectId=1e3" }
  end)
  refuses("a number over 64 bits", 400, "InvalidProjectId", function()
    return acs3_request { query = "ProjectId=9223372036854775808" }
  end)
  refuses("a boolean other than true and false", 400, "InvalidForce", function()
    return acs3_request { query = "ProjectId=1&Force=yes" }
  end)
  refuses("an int32 over 32 bits", 400, "InvalidSize", function()
    return acs3_request { query = "ProjectId=1&Size=2147483648" }
  end)
  refuses("PUT for an action with another method", 400, "UnsupportedHTTPMethod", function()
    return acs3_request { method = "PUT" }
  end)
  refuses("an action of another version", 404, "InvalidAction.NotFound", function()
    return acs3_request { headers = { ["x-acs-version"] = "2024-05-18" } }
  end)

  it("accepts the smallest int32, the method of the action, and an action of each version", function()
    assert.is_nil(refusal_of(acs3_request { query = "ProjectId=1&Size=-2147483648" }))
    local put, other = { version = "2020-05-18", method = "PUT", params = {} }, { version = "2024-05-18", method = "GET", params = {} }
    local actions = { ["2020-05-18"] = { GetThing = put }, ["2024-05-18"] = { GetThing = other } }
    assert.is_nil(refusal_of(acs3_request { method = "PUT" }, { actions = actions }))
    local call, refusal = new({ actions = actions }):check(
      acs3_request { method = "GET", headers = { ["x-acs-version"] = "2024-05-18" } })
    assert.is_nil(refusal)
    assert.equal(other, call.row)
  end)

  it("accepts the largest and the smallest 64-bit numbers", function()
    assert.is_nil(refusal_of(acs3_request { query = "ProjectId=9223372036854775807" }))
    assert.is_nil(refusal_of(acs3_request { query = "ProjectId=-9223372036854775808" }))
  end)

  it("accepts dates up to 15 minutes off for ACS3, and up to 31 minutes off for HMAC-SHA1", function()
    local function at(offset)
      return { now = function() return NOW + offset end }
    end
    local expired = { 400, "InvalidTimeStamp.Expired" }
    for _, sign in ipairs { 1, -1 } do
      assert.is_nil(refusal_of(acs3_request(), at(sign * 900)))
      assert.same(expired, refusal_of(acs3_request(), at(sign * 901)))
      assert.is_nil(refusal_of(rpc_request(), at(sign * 1860)))
      assert.same(expired, refusal_of(rpc_request(), at(sign * 1861)))
    end
  end)

  it("accepts a nonce once for each key, and a forged request does not use up a nonce", function()
    local one = new()
    local nonce = { ["x-acs-signature-nonce"] = "same" }
    local function code(changes)
      changes.headers = nonce
      return (select(2, one:check(acs3_request(changes))) or {}).code
    end
    assert.equal("SignatureDoesNotMatch", code { secret = "forged" })
    assert.is_nil(code {})
    assert.equal("SignatureNonceUsed", code {})
  end)

  it("repeats the string to sign and the canonical request of ACS3, with real line breaks", function()
    local request = acs3_request { secret = "other" }
    local _, refusal = new():check(request)
    local string_to_sign, canonical = refusal.message:match(
      "^Specified signature does not match our calculation%. server StringToSign is %[(.-)%]"
      .. " server CanonicalRequest is %[(.*)%]$")
    assert.equal("ACS3-HMAC-SHA256\n" .. encoding.hex(crypto.digest("sha256", canonical)), string_to_sign)
    assert.equal("POST\n/\nProjectId=1\nhost:127.0.0.1:8080\n", canonical:sub(1, 39))
  end)

  it("repeats the string to sign of HMAC-SHA1", function()
    local _, refusal = new():check(rpc_request { Signature = "wrong", SignatureNonce = "n" })
    assert.equal("Specified signature is not matched with our calculation. server string to sign is:"
      .. "POST&%2F&AccessKeyId%3Did%26Action%3DGetThing%26Format%3DJSON%26ProjectId%3D1"
      .. "%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3Dn%26SignatureVersion%3D1.0"
      .. "%26Timestamp%3D2024-05-18T08%253A09%253A10Z%26Version%3D2020-05-18", refusal.message)
  end)

  it("writes an error body with the five documented members", function()
    assert.equal('{"RequestId":"ID","HostId":"dataworks.example","Code":"Some.Code","Message":"why",'
      .. '"Recommend":"https://api.aliyun.com/troubleshoot'
      .. '?q=Some.Code&product=dataworks-public&requestId=ID"}',
      gateway.error_body({ code = "Some.Code", message = "why" }, "ID", "dataworks.example:443"))
  end)
end)
