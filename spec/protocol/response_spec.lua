local actions = require "dataworks.api.actions"
local error_codes = require "dataworks.protocol.error_codes"
local core = require "dataworks.core"
local errors = require "dataworks.error"
local files = require "spec.support.files"
local response = require "dataworks.protocol.response"

-- The context of a call.
local function context_of(changes)
  local all = {
    redact = function(text) return text end, now = function() return 0 end,
    request = { method = "POST", url = "https://h/", headers = {}, body = "" },
  }
  for name, value in pairs(changes or {}) do all[name] = value end
  return all
end

local function reply(body, status, headers)
  return { status = status or 200, headers = headers or {}, body = body }
end

local function read(body, status, headers, meaning)
  local one = reply(body, status, headers)
  local result, fields = response.read(one, meaning or "outcome", context_of())
  assert.same(result, response.result(one, meaning or "outcome"))
  return result, fields
end

local function refused(...)
  local result, fields = read(...)
  assert.is_nil(result)
  return errors.new(fields)
end

describe("a decoded reply", function()
  local decode = core.decode_reply

  it("has exact 64-bit integers, as decimal text where Lua has no such integers", function()
    local ids = decode "[9007199254740993,-9007199254740993,9223372036854775807,-9223372036854775808]"
    local texts = { "9007199254740993", "-9007199254740993", "9223372036854775807", "-9223372036854775808" }
    for i, text in ipairs(texts) do
      assert.equal(math.type and "integer" or "string", math.type and math.type(ids[i]) or type(ids[i]))
      assert.equal(text, tostring(ids[i]))
    end
  end)

  it("has larger integers as decimal text", function()
    assert.same({ "9223372036854775808", "-9223372036854775809", "18446744073709551616" },
      decode "[9223372036854775808,-9223372036854775809,18446744073709551616]")
  end)

  it("has whole numbers as integers and other numbers as floats", function()
    local list = decode "[5,9007199254740991,1.5,1e2,1e300,-0,0.1]"
    assert.same({ 5, 9007199254740991, 1.5, 100, 1e300, 0, 0.1 }, list)
    assert.equal("5", tostring(list[1]))
    if math.type then
      assert.same({ "integer", "integer", "float" }, { math.type(list[1]), math.type(list[2]), math.type(list[3]) })
    end
  end)

  it("drops null members of objects, and keeps nulls in lists", function()
    assert.same({ a = { core.null, 1 } }, decode '{"a":[null,1],"b":null,"c":null}')
  end)

  it("keeps strings that are not UTF-8, and has U+FFFD for half of a surrogate pair", function()
    assert.same({ "a\255", "cut \239\191\189" }, decode '["a\255","cut \\ud83d"]')
  end)

  it("is refused when it is not JSON, with the place of the error", function()
    for _, text in ipairs { "", "{", "NaN", "[1,]", "{'a':1}", "0x10", "[1]x", "nul" } do
      local value, err = decode(text)
      assert.is_nil(value)
      assert.matches("at line 1, column %d+", err.message)
    end
  end)
end)

describe("a reply with HTTP 200", function()
  it("is the result, in the provider's spelling", function()
    assert.same({ RequestId = "R", Success = true, Data = { Status = "success", FileId = 5 } },
      read '{"RequestId":"R","Success":true,"Data":{"Status":"success","Message":null,"FileId":5}}')
  end)

  it("is a success in the documented sample, whose Message contradicts its Status", function()
    local result = assert(read(files.read "spec/scripts/generate_response.json"))
    assert.equal(10, result.Data.ProcessId)
  end)

  it("is a task error when Success is false, with the service's words", function()
    local err = refused '{"RequestId":"R","Success":false,"Data":{"Message":"no such group"}}'
    assert.same({ "task", "no such group", "R", 200, true }, { err.kind, err.message, err.request_id, err.status, err.sent })
    err = refused '{"RequestId":"R","Success":"false","ErrorCode":"Forbidden.Access","ErrorMessage":"denied","HttpStatusCode":403}'
    assert.same({ "task", "Forbidden.Access", "denied" }, { err.kind, err.code, err.message })
    assert.equal("the service gave no reason", refused('{"Success":false}').message)
  end)

  it("is a task error when only HttpStatusCode says so", function()
    assert.equal("E", refused('{"RequestId":"R","HttpStatusCode":500,"ErrorCode":"E"}').code)
    assert.truthy(read '{"RequestId":"R","HttpStatusCode":200,"Success":true,"ErrorCode":""}')
  end)

  it("is a task error when Data.Status is fail or false, whatever the action", function()
    for name, row in pairs(actions) do
      for _, status in ipairs { '"fail"', '"false"', "false", '"FAIL"' } do
        local body = ('{"Success":true,"RequestId":"R","Data":{"Status":%s,"Message":"fileId:[100] is invalid."}}'):format(status)
        local err = refused(body, 200, {}, row.status)
        assert.same({ "task", "fileId:[100] is invalid." }, { err.kind, err.message }, name .. status)
      end
    end
  end)

  it("is a success when Data.Status is success or true", function()
    for _, status in ipairs { '"success"', '"true"', "true", '"SUCCESS"', "null", '""' } do
      assert.truthy(read(('{"Success":true,"Data":{"Status":%s}}'):format(status)))
    end
    assert.truthy(read '{"Success":true,"Data":true}')
    assert.truthy(read '{"Success":true}')
  end)

  it("is a task error with any other Status when the Status is the outcome of the action", function()
    local err = refused '{"Success":true,"Data":{"Status":"rejected"}}'
    assert.equal("the service answered with Status rejected", err.message)
  end)

  it("is a success with any other Status when that is progress or a state", function()
    for _, status in ipairs { "NORUN", "RUN", "PAUSE", "KILLING", "WAIT" } do
      assert.truthy(read(('{"Success":true,"Data":{"Status":"%s"}}'):format(status), 200, {}, actions.GetDISyncInstanceInfo.status))
    end
    for _, data in ipairs { '{"Status":"processing"}', "{}", "null", '{"Status":""}', '{"Status":"success","TaskContent":""}' } do
      assert.truthy(read(('{"Success":true,"Data":%s}'):format(data), 200, {}, actions.QueryDISyncTaskConfigProcessResult.status))
    end
  end)

  it("is a success with any Status when that is a part of the requested data", function()
    for _, status in ipairs { "fail", "false", "FAILURE", "0" } do
      assert.truthy(read(('{"Success":true,"Data":{"Status":"%s"}}'):format(status), 200, {}, "none"))
      assert.truthy(read(('{"Status":"%s","Id":1}'):format(status), 200, {}, "none"))
    end
    for _, body in ipairs { '{"Success":false,"Data":{"Status":"x"}}', '{"HttpStatusCode":"500"}', '{"HttpStatusCode":404,"ErrorCode":"E"}' } do
      assert.equal("task", refused(body, 200, {}, "none").kind)
    end
  end)

  it("may have its Status beside the request id", function()
    assert.truthy(read '{"Success":true,"Status":true}')
    assert.equal("task", refused('{"Success":true,"Status":false}').kind)
  end)

  it("is a success with a request id alone, as in the newer version", function()
    assert.same({ RequestId = "R", Id = 5 }, read('{"RequestId":"R","Id":5}', 200, {}, "none"))
  end)

  it("has a Status that means success, or does not", function()
    for _, status in ipairs { "success", "true", true, "Success" } do assert.is_true(response.is_success(status)) end
    for _, status in ipairs { "fail", "processing", "", false } do assert.is_false(response.is_success(status)) end
    assert.is_false(response.is_success(nil))
  end)
end)

describe("a refusal", function()
  local BODY = [[{"RequestId":"6BE5","HostId":"h","Code":"Invalid.DI.Parameter","Message":"The parameter is invalid.",
    "Recommend":"https://api.aliyun.com/troubleshoot?q=x"}]]

  it("is a service error with all fields of the reply", function()
    local err = refused(BODY, 400)
    assert.same({ "service", "Invalid.DI.Parameter", "The parameter is invalid.", 400, "6BE5",
      "https://api.aliyun.com/troubleshoot?q=x", true },
      { err.kind, err.code, err.message, err.status, err.request_id, err.recommend, err.sent })
    assert.matches("resource group", err.advice)
  end)

  it("may have keys in lower case, or those of the other family of errors", function()
    local err = refused('{"requestId":"r","code":"C","message":"m"}', 500)
    assert.same({ "C", "m", "r" }, { err.code, err.message, err.request_id })
    err = refused('{"RequestId":"r","Success":false,"ErrorCode":"C","ErrorMessage":"m"}', 403)
    assert.same({ "service", "C", "m" }, { err.kind, err.code, err.message })
  end)

  it("takes the request id from the header when the body has none", function()
    assert.equal("H", refused('{"Code":"C"}', 400, { ["x-acs-request-id"] = "H" }).request_id)
    assert.equal("H", refused("", 502, { ["x-acs-request-id"] = "H" }).request_id)
  end)

  it("has the time that the service asks to wait", function()
    assert.equal(0.3, refused(BODY, 429, { ["x-acs-retry-after"] = "300" }).retry_after)
    local _, fields = response.read(reply(BODY, 503, { ["retry-after"] = "Thu, 01 Jan 1970 00:01:00 GMT" }), "outcome",
      context_of { now = function() return 50 end })
    assert.equal(10, fields.retry_after)
  end)

  it("names the action that the user may not do", function()
    local err = refused([[{"Code":"NoPermission","Message":"m","AccessDeniedDetail":{"AuthAction":"dataworks:CreateDISyncTask",
      "NoPermissionType":"ImplicitDeny"}}]], 403)
    assert.equal("This user may not do dataworks:CreateDISyncTask; let an administrator allow it in RAM.", err.advice)
    assert.same({ AuthAction = "dataworks:CreateDISyncTask", NoPermissionType = "ImplicitDeny" }, err.access_denied)
  end)

  it("keeps the documented details of a denied access, redacted and bounded", function()
    local long = ("E"):rep(5000)
    local body = assert(core.encode { Code = "NoPermission", Message = "m", AccessDeniedDetail = {
      AuthAction = "dataworks:DeployDISyncTask", AuthPrincipalType = "SubUser", AuthPrincipalDisplayName = "hush\n",
      AuthPrincipalOwnerId = 17, NoPermissionType = "ExplicitDeny", PolicyType = "AccountLevelIdentityBasedPolicy",
      EncodedDiagnosticMessage = long, Unheard = "of",
    } })
    local _, fields = response.read(reply(body, 403), "outcome", context_of {
      redact = function(text) return (text:gsub("hush", "***")) end,
    })
    local err = errors.new(fields)
    assert.same({
      AuthAction = "dataworks:DeployDISyncTask", AuthPrincipalType = "SubUser", AuthPrincipalDisplayName = "***\\n",
      AuthPrincipalOwnerId = "17", NoPermissionType = "ExplicitDeny", PolicyType = "AccountLevelIdentityBasedPolicy",
      EncodedDiagnosticMessage = long,
    }, err.access_denied)
    assert.equal("A policy denies this user dataworks:DeployDISyncTask; let an administrator change it in RAM.", err.advice)
  end)

  it("has no access details when they are empty or not an object", function()
    for _, detail in ipairs { "{}", "[]", '"x"', "null", '{"AuthAction":{}}' } do
      local err = refused('{"Code":"NoPermission","Message":"m","AccessDeniedDetail":' .. detail .. "}", 403)
      assert.is_nil(err.access_denied, detail)
      assert.matches("permission in RAM", err.advice)
    end
    assert.same({ PolicyType = "P" }, refused('{"Code":"C","AccessDeniedDetail":{"PolicyType":"P"}}', 403).access_denied)
  end)

  it("explains a refused signature by the echo of the request", function()
    local request = { method = "POST", url = "https://h/", headers = {}, body = "A=1&Signature=s" }
    local body = core.encode { Code = "SignatureDoesNotMatch",
      Message = "Specified signature is not matched with our calculation. server string to sign is:POST&%2F&A%3D1" }
    local _, fields = response.read(reply(body, 400), "outcome", context_of { request = request })
    assert.matches("^The AccessKey secret is wrong", fields.advice)
    request.body = "A=2&Signature=s"
    _, fields = response.read(reply(body, 400), "outcome", context_of { request = request })
    assert.matches("parameter A arrived with another value", fields.advice)
  end)

  it("leaves out the echo of a signature error", function()
    for _, message in ipairs {
      "Specified signature is not matched with our calculation. server string to sign is:POST&%2F&SecurityToken%3Dhush",
      "Specified signature does not match our calculation. server StringToSign is [ACS3\nhush] server CanonicalRequest is [hush]",
      "The request signature does not conform to Aliyun standards. server Authorization is [hush]",
      "The request signature does not conform to Aliyun standards. server string to sign is:[hush]",
    } do
      local err = refused(core.encode { Code = "SignatureDoesNotMatch", Message = message }, 400)
      assert.matches("^[%a ]+$", err.message)
      assert.is_nil(tostring(err):find("hush", 1, true))
    end
  end)

  it("may have a message of any length before, within or instead of an echo", function()
    local blanks = (" ."):rep(500000)
    for _, message in ipairs { blanks, blanks .. "server string to sign is:" .. blanks, ("server StringToSign is ["):rep(50000) } do
      local err = refused(core.encode { Code = "SignatureDoesNotMatch", Message = message }, 400)
      assert.is_true(#err.message < 2100)
      assert.is_nil(err.message:find "server")
    end
  end)

  it("is cut before it is redacted, without a part of a secret at the cut", function()
    local secret = "~%/~%/~%/~%/~%/"
    local redact = require("dataworks.protocol.redactor").new { secret }
    -- In a long row of secrets, one stands at each cut.
    local long = secret:rep(700) .. (secret .. " "):rep(700) .. ("x"):rep(1e6)
    local body = core.encode {
      Code = long, Message = long, RequestId = long, Recommend = long,
      AccessDeniedDetail = { AuthAction = long, EncodedDiagnosticMessage = long },
    }
    for _, one in ipairs { reply(body, 400), reply('{"Success":false,' .. body:sub(2)), reply(long, 502), reply('{"Data":{"Status":"' .. long .. '"}}') } do
      local seen = {}
      local _, fields = response.read(one, "outcome", context_of {
        redact = function(text, max_bytes)
          seen[#seen + 1] = max_bytes
          return redact(text, max_bytes)
        end,
      })
      local err = errors.new(fields)
      for _, text in ipairs { err.message, err.code or "", err.excerpt or "", tostring(err), (err.access_denied or {}).AuthAction or "",
        (err.access_denied or {}).EncodedDiagnosticMessage or "" } do
        assert.is_nil(text:find("~", 1, true))
        assert.is_true(#text < 20000)
      end
      for _, limit in ipairs(seen) do assert.is_true(limit <= 16384) end
      assert.is_true(#seen > 0)
    end
  end)

  it("is redacted in every field", function()
    local body = '{"Code":"C.hush","Message":"a hush b","Recommend":"https://x/hush","RequestId":"hush"}'
    local function redact(text) return (text:gsub("hush", "***")) end
    local _, fields = response.read(reply(body, 400), "outcome", context_of { redact = redact })
    for name, value in pairs(errors.new(fields)) do assert.is_nil(tostring(value):find("hush", 1, true), name) end
    _, fields = response.read(reply(("x"):rep(198) .. "hush", 502), "outcome", context_of { redact = redact })
    assert.is_nil(errors.new(fields).excerpt:find("hu", 1, true))
  end)
end)

describe("an unreadable reply", function()
  it("is a protocol error with the status and the first bytes", function()
    for body, status in pairs {
      ["<html>\r\n<h1>502 Bad Gateway</h1>"] = 502, ['{"RequestId":"R","Data":{"Status":<<<'] = 200, ["[1]"] = 200,
      ["null"] = 500, ['"text"'] = 400, ["no JSON"] = 414,
    } do
      local err = refused(body, status)
      assert.same({ "protocol", status, true }, { err.kind, err.status, err.sent })
      assert.equal((body:gsub("\r", "\\r"):gsub("\n", "\\n")), err.excerpt)
      assert.truthy(tostring(err):find(err.excerpt, 1, true))
    end
  end)

  it("has a message that says whether it is empty, a page, or a refusal without a reason", function()
    assert.equal("the reply is empty", refused("", 503).message)
    assert.matches("the reply is HTML or XML", refused("<html>", 502).message)
    assert.matches("neither code nor message", refused("{}", 400).message)
    assert.matches("the reply is a redirect", refused("{}", 302).message)
    local redirect = refused("<html>", 302, { location = "https://login.example.com/?x\27[1m" })
    assert.equal("the reply is a redirect to https://login.example.com/?x\\x1b[1m", redirect.message)
    assert.matches("^Check the endpoint, and whether a proxy", redirect.advice)
    assert.equal("the reply is not JSON: expected a key in quotes at line 1, column 2 (byte 2): {", refused("{", 200).message)
    assert.equal("the reply is not a JSON object: [{}]", refused("[{}]", 200).message)
  end)

  it("is shown in one bounded line, whatever its bytes", function()
    local err = refused(("\0\27[2J\n"):rep(100000), 200)
    assert.is_nil(err.excerpt:find("%c"))
    assert.is_true(#err.excerpt < 1000)
    assert.is_true(#tostring(err) < 3000)
  end)

  it("may be nested deeply", function()
    assert.equal("protocol", refused(("["):rep(100000), 200).kind)
  end)
end)

describe("the advice for a code", function()
  it("is that of the code itself, or of the code before its last dot", function()
    assert.equal(error_codes.advice "Throttling", error_codes.advice "Throttling.User")
    assert.matches("secret", error_codes.advice "SignatureDoesNotMatch")
    assert.not_equal(error_codes.advice "Invalid.DI.Parameter", error_codes.advice "Invalid.DI.Parameter.File.Existed")
    assert.is_nil(error_codes.advice "Invalid.DI")
    assert.is_nil(error_codes.advice(nil))
    for _, code in ipairs { "InvalidAccessKeyId.NotFound", "Forbidden.DI.NoPrivilege", "InvalidTimeStamp.Expired",
      "IdempotentParameterMismatch", "InternalError.DI.Parameter", "Forbidden.RAM", "InvalidAction.NotFound" } do
      assert.is_string(error_codes.advice(code), code)
    end
  end)
end)

describe("a reply", function()
  local function may_have_acted(status, body)
    local _, err = response.read({ status = status, headers = {}, body = body }, "outcome", {
      request = {}, redact = function(text) return text end, now = os.time,
    })
    return err.may_have_acted
  end

  it("rules out an effect when the service throttled, refused or failed the call", function()
    assert.is_false(may_have_acted(400, '{"Code":"X","Message":"no"}'))
    assert.is_false(may_have_acted(429, '{"Code":"Throttling.Api","Message":"no"}'))
    assert.is_false(may_have_acted(503, '{"Code":"Throttling.System","Message":"no"}'))
    assert.is_false(may_have_acted(200, '{"Success":false,"Message":"no"}'))
    assert.is_false(may_have_acted(404, "<html>"))
  end)

  it("leaves an effect possible when the service failed, or its reply is unreadable", function()
    assert.is_true(may_have_acted(500, '{"Code":"InternalError","Message":"no"}'))
    assert.is_true(may_have_acted(408, '{"Code":"X","Message":"no"}'))
    assert.is_true(may_have_acted(200, "<html>"))
    assert.is_true(may_have_acted(302, ""))
    assert.is_true(may_have_acted(502, "<html>"))
  end)

  it("says that an earlier copy of the request arrived when the nonce was used", function()
    assert.is_true(may_have_acted(400, '{"Code":"SignatureNonceUsed","Message":"no"}'))
  end)
end)
