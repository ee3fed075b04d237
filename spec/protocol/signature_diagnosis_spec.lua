local core = require "dataworks.core"
local dataworks = require "dataworks"
local diagnosis = require "dataworks.protocol.signature_diagnosis"
local fake = require "spec.support.fake"
local form_text = require "dataworks.protocol.form"
local support = require "spec.support.emulator"
local transports = require "dataworks.transport.choose"

local ACS3, SM3, RPC = "ACS3-HMAC-SHA256", "ACS3-HMAC-SM3", "HMAC-SHA1"

local WRONG_SECRET = "The AccessKey secret is wrong, or belongs to another AccessKey id: the service signed the same text, "
  .. "so nothing changed the request on its way"

describe("the diagnosis of a refused signature", function()
  local function request(signature, options)
    options = options or {}
    options.signature, options.security_token = signature, fake.token
    return assert((fake.client({}, options)):request("CreateDISyncTask", {
      ProjectId = 10, TaskType = "DI_REALTIME", TaskName = "a task", TaskContent = "{}", ClientToken = "t",
    }))
  end

  -- The stages of a request's signature, as the service would echo them.
  local function stages(made)
    local fields = { method = made.method, access_key_id = "x", access_key_secret = "x" }
    fields.algorithm = (made.headers.authorization or RPC):match "^%S+"
    local function map(text)
      local found = {}
      for _, pair in ipairs(form_text.parse(text)) do found[pair.name] = pair.value end
      return found
    end
    if fields.algorithm == RPC then
      fields.params = map(made.url:match "%?(.*)" .. "&" .. made.body)
      fields.params.Signature = nil
    else
      fields.query, fields.headers, fields.body = map(made.url:match "%?(.*)"), made.headers, made.body
    end
    return assert(core.sign(fields))
  end

  local function echo_acs3(signed, canonical)
    return ("Specified signature does not match our calculation. server StringToSign is [%s] server CanonicalRequest is [%s]")
      :format(signed.string_to_sign, canonical or signed.canonical_request)
  end

  local function echo_rpc(string_to_sign)
    return "Specified signature is not matched with our calculation. server string to sign is:" .. string_to_sign
  end

  -- The advice when `from` in the canonical request arrived as `to`.
  local function after_change(made, from, to)
    local signed = stages(made)
    local at, last = signed.canonical_request:find(from, 1, true)
    local canonical = signed.canonical_request:sub(1, at - 1) .. to .. signed.canonical_request:sub(last + 1)
    return diagnosis.explain(made, "SignatureDoesNotMatch", echo_acs3({ string_to_sign = ACS3 .. "\n" .. ("0"):rep(64) }, canonical))
  end

  local function starts(text, expected)
    assert.equal("The request was changed on its way: " .. expected, text and text:match "^(.*);" or text)
  end

  it("is a wrong secret when the service signed the same text, with every algorithm", function()
    for _, algorithm in ipairs { ACS3, SM3 } do
      local made = request(algorithm)
      local signed = stages(made)
      assert.equal(WRONG_SECRET, diagnosis.explain(made, "SignatureDoesNotMatch", echo_acs3(signed)))
      assert.equal(WRONG_SECRET, diagnosis.explain(made, "SignatureDoesNotMatch", echo_acs3(signed):gsub("\n", "\r\n") .. "\n"))
      assert.equal(WRONG_SECRET, diagnosis.explain(made, "SignatureDoesNotMatch", echo_acs3(signed):match "^(.-) server Canon"))
    end
    local made = request(RPC)
    local signed = stages(made)
    assert.equal(WRONG_SECRET, diagnosis.explain(made, "SignatureDoesNotMatch", echo_rpc(signed.string_to_sign)))
    assert.equal(WRONG_SECRET, diagnosis.explain(made, "SignatureDoesNotMatch", echo_rpc(" [" .. signed.string_to_sign .. "]\n")))
  end)

  it("names the line that differs, and shows only public values", function()
    local made = request(ACS3)
    local h = made.headers
    local hash = stages(made).canonical_request:match "%x+$"
    for _, case in ipairs {
      { "POST\n", "PUT\n", "the method was signed as POST and arrived as PUT" },
      { "POST\n", "hush=hush\n", "the method arrived with another value" },
      { "POST\n/\n", "POST\n/v1/\n", "the path was signed as / and arrived as /v1/" },
      { "ProjectId=10", "ProjectId=11", "query parameter ProjectId arrived with another value" },
      { "ProjectId=10", "ProjectId=1", "query parameter ProjectId arrived cut to 1 of its 2 bytes" },
      { "ProjectId=10", "ProjectId=", "query parameter ProjectId did not arrive" },
      { "&TaskName=a%20task", "", "query parameter TaskName did not arrive" },
      { "ProjectId=10", "ProjectId=10&Region=x", "query parameter Region was added" },
      { "ProjectId=10", "ProjectId=10&ProjectId=10", "query parameter ProjectId arrived twice" },
      { "ProjectId=10", "ProjectId=10&api%20key%3Dhush=1", "a query parameter was added" },
      { "a%20task", "a+task", "the query parameters arrived with the same values, but in another order or encoding" },
      { "host:example.com", "host:[::1]:80", "header host arrived with another value" },
      { "host:example.com", "host:inner.example:80", "header host was signed as example.com and arrived as inner.example:80" },
      { "host:example.com", "host:" .. ("a"):rep(65), "header host arrived with another value" },
      { "urlencoded\n", "urlencoded; charset=utf-8\n", "header content-type was signed as application/x-www-form-urlencoded "
        .. "and arrived as application/x-www-form-urlencoded; charset=utf-8" },
      { "content-type:application/x-www-form-urlencoded", "content-type:", "header content-type did not arrive" },
      { "x-acs-version:2020-05-18", "x-acs-version:2024-05-18",
        "header x-acs-version was signed as 2020-05-18 and arrived as 2024-05-18" },
      { "x-acs-date:2024", "x-acs-date:2025", "header x-acs-date was signed as 2024-05-18T08:09:10Z and arrived as 2025-05-18T08:09:10Z" },
      { h["x-acs-security-token"], "hush", "header x-acs-security-token arrived with another value" },
      { h["x-acs-signature-nonce"], ("f"):rep(32), "header x-acs-signature-nonce arrived with another value" },
      { "content-sha256:" .. hash, "content-sha256:" .. ("0"):rep(64), "header x-acs-content-sha256 arrived with another value" },
      { "x-acs-version:2020-05-18\n", "x-acs-version:2020-05-18\nx-acs-z:hush\n", "header x-acs-z was added" },
      { "content-type;host", "host", "the list of signed headers arrived changed" },
      { "\n" .. hash, "\n" .. ("0"):rep(64), "the body arrived changed" },
    } do
      local advice = after_change(made, case[1], case[2])
      starts(advice, case[3])
      assert.is_nil(advice:find("hush", 1, true))
      assert.is_nil(advice:find("\n", 1, true))
    end
  end)

  it("says what to look for", function()
    local made = request(ACS3)
    for from, advice in pairs {
      ["POST"] = "a proxy or a redirect", ["ProjectId=10"] = "rewrites or cuts URLs", ["example.com"] = "pass the Host header unchanged",
      ["2020-05-18"] = "changes headers",
    } do
      assert.matches(advice, after_change(made, from, "other"))
    end
    assert.matches("rewrites bodies", after_change(made, stages(made).canonical_request:match "\n%x+$", "\n" .. ("0"):rep(64)))
  end)

  it("names the parameter of HMAC-SHA1 that differs, in query or body", function()
    local made = request(RPC)
    local text = stages(made).string_to_sign
    for _, case in ipairs {
      { "POST&", "GET&", "the method was signed as POST and arrived as GET" },
      { "&%2F&", "&%2Fv1&", "the path was signed as / and arrived as /v1" },
      { "ProjectId%3D10", "ProjectId%3D12", "parameter ProjectId arrived with another value" },
      { "TaskContent%3D%257B%257D", "TaskContent%3D%257B", "parameter TaskContent arrived cut to 1 of its 2 bytes" },
      { "Format%3DJSON%26", "", "parameter Format did not arrive" },
      { "Format%3DJSON%26", "Format%3DJSON%26Hush%3D1%26", "parameter Hush was added" },
      { "a%2520task", "a%2Btask", "the parameters arrived with the same values, but in another order or encoding" },
    } do
      local at, last = text:find(case[1], 1, true)
      starts(diagnosis.explain(made, "SignatureDoesNotMatch", echo_rpc(text:sub(1, at - 1) .. case[2] .. text:sub(last + 1))), case[3])
    end
  end)

  it("says that the request was changed when no difference is found", function()
    local made = request(ACS3)
    local other = { string_to_sign = ACS3 .. "\n" .. ("0"):rep(64), canonical_request = stages(made).canonical_request }
    local unclear = "The request was changed on its way; look for a proxy that rewrites URLs, headers or bodies"
    assert.equal(unclear, diagnosis.explain(made, "SignatureDoesNotMatch", echo_acs3(other)))
    assert.equal(unclear, diagnosis.explain(made, "SignatureDoesNotMatch", echo_acs3(other, "POST\n/\nProj")))
    assert.equal(unclear, diagnosis.explain(made, "SignatureDoesNotMatch", echo_acs3(other):match "^(.-) server Canon"))
    assert.equal(unclear, diagnosis.explain(request(RPC), "SignatureDoesNotMatch", echo_rpc "POST"))
    starts(diagnosis.explain(made, "SignatureDoesNotMatch", echo_acs3({ string_to_sign = SM3 .. "\n0" }, "x")),
      "the signature's algorithm was signed as ACS3-HMAC-SHA256 and arrived as ACS3-HMAC-SM3")
  end)

  it("of an incomplete signature says whether the request, the signature or its header changed", function()
    local made = request(ACS3)
    local function incomplete(detail, of)
      return diagnosis.explain(of or made, "IncompleteSignature",
        "The request signature does not conform to Aliyun standards. " .. detail)
    end
    assert.matches("^The signed text arrived unchanged", incomplete("server string to sign is:[" .. stages(made).string_to_sign .. "]"))
    assert.matches("^The request was changed on its way", incomplete("server string to sign is:[" .. ACS3 .. "\n" .. ("0"):rep(64) .. "]"))
    assert.equal("The header authorization arrived cut or rewritten; look for a proxy, or a transport of your own, that changes headers",
      incomplete "server Authorization is [ACS3-HMAC-SHA256 Credential=hush]")
    assert.matches("^The request was changed on its way",
      incomplete("server string to sign is:[" .. ACS3 .. "\n" .. ("0"):rep(64) .. "] server Authorization is"))
    local form = request(RPC)
    assert.matches("^The signed text arrived unchanged", incomplete("server string to sign is:[" .. stages(form).string_to_sign .. "]", form))
  end)

  it("is nil for other errors, and for a message without an echo", function()
    local made = request(ACS3)
    assert.is_nil(diagnosis.explain(made, nil, nil))
    assert.is_nil(diagnosis.explain(made, "Throttling", echo_acs3(stages(made))))
    assert.is_nil(diagnosis.explain(made, "SignatureDoesNotMatch", nil))
    assert.is_nil(diagnosis.explain(made, "SignatureDoesNotMatch", "Specified signature is not matched with our calculation."))
  end)

  it("works for requests by GET, without parameters and body", function()
    for _, algorithm in ipairs { ACS3, RPC } do
      local signer = core.signer { algorithm = algorithm, access_key_id = "i", access_key_secret = "s" }
      local made = assert(core.request("List", { version = "2020-05-18", method = "GET", params = {} }, {}, {
        signer = signer, endpoint = "https://example.com", date = 0, nonce = "n",
      }))
      made.url = made.url:find "%?" and made.url or made.url .. "?"
      local signed = stages(made)
      local message = algorithm == RPC and echo_rpc(signed.string_to_sign) or echo_acs3(signed)
      assert.equal(WRONG_SECRET, diagnosis.explain(made, "SignatureDoesNotMatch", message))
    end
  end)

  it("copes with any bytes in an echo", function()
    for _, algorithm in ipairs { ACS3, RPC } do
      local made = request(algorithm)
      for _, text in ipairs { "", "&", "&&", "\n", "\n\n\n\n\n\n", ("\n"):rep(50000), ("&%"):rep(50000), ("%41=&"):rep(50000), "\0\255[]" } do
        for _, message in ipairs { echo_rpc(text), echo_acs3({ string_to_sign = text }, text) } do
          local advice = diagnosis.explain(made, "SignatureDoesNotMatch", message)
          assert.is_true(advice == nil or advice ~= WRONG_SECRET and #advice < 500)
        end
      end
    end
  end)
end)

describe("a signed request over real HTTP", function()
  local emulator, client

  setup(function() emulator = support.start() end)
  teardown(function() emulator:stop() end)
  before_each(function() emulator:reset() end)
  after_each(function() client:close() end)

  local BUSINESS = "a business value that no text may show"

  -- The error of a call whose signed request is passed through `change` before it is sent.
  local function refusal(change, options)
    local real = assert(transports.new {})
    local secrets = { emulator.sts.access_key_secret, emulator.sts.security_token, BUSINESS, core.percent_encode(BUSINESS) }
    local transport = {
      sleep = function() end, close = function() end,
      send = function(_, request, limits)
        secrets[#secrets + 1] = (request.headers.authorization or request.body):match "Signature=([^&]*)"
        return real:send(change(request) or request, limits)
      end,
    }
    local all = {
      endpoint = emulator.endpoint, access_key_id = emulator.sts.access_key_id, transport = transport, getenv = function() end,
      access_key_secret = emulator.sts.access_key_secret, security_token = emulator.sts.security_token,
      sleep = function() error "slept" end,
    }
    for name, value in pairs(options) do all[name] = value end
    secrets[#secrets + 1] = all.access_key_secret
    client = dataworks.new(all)
    local result, err = client:call("CreateDISyncTask", {
      ProjectId = 10000, TaskType = "DI_OFFLINE", TaskName = BUSINESS, TaskContent = '{"x":"' .. BUSINESS .. '"}',
    })
    real:close()
    assert.is_nil(result)
    assert.equal("service", err.kind)
    assert.equal(1, err.attempts)
    local text = tostring(err)
    for name, value in pairs(err) do text = text .. "\n" .. name .. "=" .. tostring(value) end
    for _, secret in ipairs(secrets) do assert.is_nil(text:find(secret, 1, true), secret) end
    assert.is_nil(err.message:find "server")
    return err
  end

  local function set_header(name, change)
    return function(request)
      request.headers[name] = change(request.headers[name])
    end
  end

  local function set_url(pattern, replacement)
    return function(request)
      local url, count = request.url:gsub(pattern, replacement)
      assert.equal(1, count)
      request.url = url
    end
  end

  local function set_body(pattern, replacement)
    return function(request)
      local body, count = request.body:gsub(pattern, replacement)
      assert.equal(1, count)
      request.body = body
    end
  end

  -- Sends the form as a query.
  local function by_get(request)
    local separator = request.url:find "%?" and "&" or "?"
    return { method = "GET", url = request.url .. separator .. request.body, body = "", headers = request.headers }
  end

  local function check(cases, options)
    for _, case in ipairs(cases) do
      local err = refusal(case[1], options)
      assert.equal(case.code or "SignatureDoesNotMatch", err.code)
      assert.truthy(err.advice:find(case[2], 1, true), err.advice)
    end
  end

  local function unchanged() end

  for _, signature in ipairs { ACS3, SM3 } do
    it("is refused with advice that names the change, with " .. signature, function()
      check({
        { by_get, "the method was signed as POST and arrived as GET" },
        { set_url("ProjectId=10000", "ProjectId=10001"), "query parameter ProjectId arrived with another value" },
        { set_url("&TaskName=[^&]*", ""), "query parameter TaskName did not arrive" },
        { set_url("TaskName=[^&]*", "TaskName=a"), ("query parameter TaskName arrived cut to 1 of its %d bytes"):format(#BUSINESS) },
        { set_url("$", "&Region=x"), "query parameter Region was added" },
        { set_url("$", "&ProjectId=10000"), "query parameter ProjectId arrived twice" },
        { set_header("host", function() return "inner.example" end), "and arrived as inner.example; let the proxy pass the Host" },
        { set_header("content-type", function(old) return old .. "; charset=utf-8" end), "header content-type was signed as" },
        { set_header("content-type", function() end), "header content-type did not arrive" },
        { set_header("x-acs-action", function() return "UpdateDISyncTask" end),
          "header x-acs-action was signed as CreateDISyncTask and arrived as UpdateDISyncTask" },
        { set_header("x-acs-content-sha256", function(old) return old:reverse() end), "header x-acs-content-sha256 arrived with another" },
        { set_header("x-acs-date", function(old) return old:sub(1, -3) .. (old:sub(-2) == "0Z" and "1Z" or "0Z") end),
          "header x-acs-date was signed as" },
        { set_header("x-acs-signature-nonce", function(old) return old:reverse() end), "header x-acs-signature-nonce arrived with another" },
        { set_body("business", "bysiness"), "the body arrived changed; look for a proxy or filter that rewrites bodies" },
        { set_body("$", "&X=1"), "the body arrived changed" },
        { set_header("x-acs-added", function() return "1" end), "a header x-acs-* was added", code = "IncompleteSignature" },
        { set_header("authorization", function(old) return old:match "^(.-),Signature" end),
          "The header authorization arrived cut or rewritten", code = "IncompleteSignature" },
        { set_header("authorization", function(old) return (old:gsub("content%-type;", "")) end),
          "header content-type did not arrive" },
        { set_header("x-acs-version", function() return "2019-01-01" end), "", code = "InvalidVersion" },
        { set_header("x-acs-security-token", function(old) return old .. "x" end), "", code = "InvalidSecurityToken.Malformed" },
      }, { signature = signature })
    end)
  end

  it("is refused with advice that names the change, with HMAC-SHA1", function()
    check({
      { by_get, "the method was signed as POST and arrived as GET" },
      { set_url("ProjectId=10000", "ProjectId=10001"), "parameter ProjectId arrived with another value" },
      { set_url("&TaskName=[^&]*", ""), "parameter TaskName did not arrive" },
      { set_url("$", "&Region=x"), "parameter Region was added" },
      { set_body("business", "bysiness"), "parameter TaskContent arrived with another value; look for a proxy that rewrites" },
      { set_body("Format=JSON", "Format=json"), "parameter Format arrived with another value" },
      { set_body("Format=JSON&", ""), "parameter Format did not arrive" },
      { set_body("Action=%a+", "Action=UpdateDISyncTask"), "parameter Action arrived with another value" },
      { set_body("SignatureNonce=%x+", "SignatureNonce=another"), "parameter SignatureNonce arrived with another value" },
    }, { signature = RPC })
  end)

  for _, signature in ipairs { ACS3, SM3, RPC } do
    it("is accepted when HTTP allows the change, with " .. signature, function()
      local real = assert(transports.new {})
      client = dataworks.new {
        endpoint = emulator.endpoint, access_key_id = emulator.access_key_id, access_key_secret = emulator.access_key_secret,
        signature = signature, getenv = function() end,
        transport = { sleep = function() end, close = function() end, send = function(_, request, limits)
          request.url = request.url:gsub("%%20", "+")
          request.headers["user-agent"], request.headers["x-forwarded-for"] = "another", "10.0.0.1"
          return real:send(request, limits)
        end },
      }
      local _, err = client:call("ListRefDISyncTasks", { ProjectId = 1, TaskType = "DI_REALTIME", DatasourceName = "a b", RefType = "to" })
      real:close()
      assert.is_nil(err)
    end)

    it("is refused for its secret, which appears nowhere, when it was not changed, with " .. signature, function()
      local wrong = { access_key_secret = "quite-another-secret", signature = signature }
      assert.equal(WRONG_SECRET .. ".", refusal(unchanged, wrong).advice)
      wrong.access_key_secret = emulator.access_key_secret
      assert.equal(WRONG_SECRET .. ".", refusal(unchanged, wrong).advice)
    end)
  end
end)
