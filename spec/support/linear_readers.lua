-- The functions that take text from outside (the service, proxies, files, variables, programs), with a run of one
-- character in each place.

local commands = require "dataworks.credentials.command"
local core = require "dataworks.core"
local dataworks = require "dataworks"
local errors = require "dataworks.error"
local fake = require "spec.support.fake"
local files = require "spec.support.files"
local linear = require "spec.support.linear"
local response = require "dataworks.protocol.response"

local NOW = 1716019750 -- 2024-05-18T08:09:10Z

local function quote(text) return (assert(core.encode((text:gsub("[\128-\255]", "?"))))) end

-- Each function is called with the run.
local READERS = {}

local function add(what, fn, more_characters)
  READERS[#READERS + 1] = { what = what, fn = fn, more = more_characters }
end

--- Adds a function for which only the length of the run matters.
local function add_long(what, fn)
  READERS[#READERS + 1] = { what = what, fn = fn, is_long = true }
end

-- Errors

add("a line of an error", function(text)
  errors.line(text)
  errors.line(text, #text)
end, { "\128", "\127", "\n" })

add("the tostring of an error", function(text)
  local err = errors.new { kind = "service", message = text, code = text, advice = text }
  for _, message in ipairs { text, text .. "x", "x" .. text, text .. ".", text .. " x" } do
    err.message = message
    tostring(err)
  end
end, { "\n" })

-- Replies

local CONTEXT = {
  redact = require("dataworks.protocol.redactor").new { "secret-1", ("0"):rep(20), "/+=secret-2", (" "):rep(6), ("%"):rep(6) },
  now = function() return NOW end,
  request = { method = "POST", url = "https://h/?a=b", headers = { authorization = "ACS3-HMAC-SHA256 x" }, body = "" },
}

local function read(body, status, headers)
  return response.read({ status = status or 200, headers = headers or {}, body = body }, "outcome", CONTEXT)
end

add("the JSON of a reply", function(text)
  for _, body in ipairs { text, quote(text), '{"a":' .. text, "{" .. text .. "}", '{"a":[' .. text .. "]}", '{"a":-1.' .. text .. "}" } do
    core.decode_reply(body)
    read(body)
    read(body, 400)
  end
end, { "{", "]", "\\", "\n" })

add("the fields of a refusal", function(text)
  local value = quote(text)
  read(('{"Code":%s,"Message":%s,"RequestId":%s,"Recommend":%s}'):format(value, value, value, value), 400)
  read(('{"Code":%s,"Message":%s}'):format(quote("Throttling." .. text), quote(text .. "x")), 429)
  read(('{"Code":"C","AccessDeniedDetail":{"AuthAction":%s,"EncodedDiagnosticMessage":%s}}'):format(value, value), 403)
  read(('{"Code":"C","Message":%s}'):format(quote(text .. "server string to sign is:" .. text)), 400)
end)

add("the fields of a failed task", function(text)
  local value = quote(text)
  read(('{"Success":false,"ErrorCode":%s,"Data":{"Message":%s}}'):format(value, value))
  read(('{"Data":{"Status":%s}}'):format(value))
end)

add("the echo of a signature error", function(text)
  local explain = require("dataworks.protocol.signature_diagnosis").explain
  -- A short request would make the message too long to be looked at.
  local request = { method = "POST", url = "https://h/?a=" .. text, headers = { authorization = "ACS3-HMAC-SHA256 x" }, body = text }
  for _, message in ipairs {
    text, "server StringToSign is [" .. text, "server string to sign is:" .. text,
    "server StringToSign is [ACS3-HMAC-SHA256\nx] server CanonicalRequest is [" .. text .. "]",
    "server StringToSign is [ACS3-HMAC-SHA256\nx] server CanonicalRequest is [POST\n/\n" .. text .. "\n" .. text .. "\n\n" .. text .. "\nff]",
  } do
    explain(request, "SignatureDoesNotMatch", message)
  end
  request.headers = {}
  explain(request, "SignatureDoesNotMatch", "server string to sign is:POST&" .. text .. "&" .. text)
end, { "&", "]", "\n" })

add("a text with secrets", function(text)
  CONTEXT.redact(text)
  CONTEXT.redact(text .. "secret-1", 1000)
end, { "\128" })

add("the headers of a reply about time", function(text)
  local find = require("dataworks.protocol.retry_after").find
  for _, value in ipairs { text, text .. "x", "1" .. text, "Mon, " .. text, "Remain:" .. text, "Remain:0,TimeLeft:" .. text } do
    find({ ["retry-after"] = value, ["x-acs-retry-after"] = value, ["x-ratelimit-user"] = value, date = value },
      { kind = "service", status = 429 }, CONTEXT.now)
    require("dataworks.call.clock_skew").new(CONTEXT.now):correct(value)
  end
end, { "-" })

add("an error code", function(text)
  local codes = require "dataworks.protocol.error_codes"
  for _, code in ipairs { text, "Throttling." .. text, "InvalidAccessKeyId" .. text } do
    local err = { kind = "service", status = 400, code = code }
    codes.advice(code)
    codes.is_throttled(err)
    codes.is_final(err)
    codes.recoverable_cause(err)
  end
end)

add("a page of a proxy or a web server", function(text)
  require("dataworks.transport.refusal").find({ url = "https://h/" }, "", 400, text)
end, { "<" })

-- HTTP/1

local OK = "HTTP/1.1 200 OK\r\n"

local function read_http(text, size)
  local http1, at = require "dataworks.transport.http1", 1
  local source = http1.source(function()
    local piece = text:sub(at, at + size - 1)
    at = at + size
    return piece ~= "" and piece or nil, "closed"
  end)
  return http1.read(source, 2 ^ 24)
end

for what, build in pairs {
  ["status line"] = function(text) return text end,
  ["status"] = function(text) return "HTTP/1.1 200 " .. text .. "\r\n\r\n" end,
  ["header name"] = function(text) return OK .. text .. ": x\r\n\r\n" end,
  ["header value"] = function(text) return OK .. "x: " .. text .. "\r\n\r\n" end,
  ["Content-Length"] = function(text) return OK .. "Content-Length: " .. text:sub(1, 60000) .. "\r\n\r\n" end,
  ["Connection"] = function(text) return OK .. "Content-Length: 0\r\nConnection: " .. text:sub(1, 60000) .. "\r\n\r\n" end,
  ["chunk size"] = function(text) return OK .. "Transfer-Encoding: chunked\r\n\r\n" .. text .. "\r\n" end,
  ["chunk"] = function(text) return OK .. "Transfer-Encoding: chunked\r\n\r\n" .. ("%x\r\n%s\r\n0\r\n\r\n"):format(#text, text) end,
  ["trailer"] = function(text) return OK .. "Transfer-Encoding: chunked\r\n\r\n0\r\n" .. text .. "\r\n\r\n" end,
  ["body up to the end"] = function(text) return OK .. "\r\n" .. text end,
} do
  add("an HTTP/1 reply's " .. what, function(text)
    local reply = build(text)
    read_http(reply, #reply)
    read_http(reply, 7)
  end, { "\r", ";" })
end

add_long("an HTTP/1 reply in chunks of a byte", function(text)
  local reply = OK .. "Transfer-Encoding: chunked\r\n\r\n" .. text:gsub(".", "1\r\n%0\r\n") .. "0\r\n\r\n"
  read_http(reply, #reply)
  read_http(reply, 7)
end)

add("a reply's content encoding", function(text)
  local decode = require("dataworks.transport.inflate").decode
  decode(text, text, 2 ^ 24)
  decode(text, "gzip", 2 ^ 24)
  decode("\31\139\8\0\0\0\0\0\0\3" .. text, "gzip", 2 ^ 24)
end)

-- Options and variables

add("a proxy's URL", function(text)
  local proxies = require "dataworks.transport.proxy"
  for _, url in ipairs { text, "http://" .. text, "http://u:" .. text .. "@h:1", "http://h:" .. text, text .. "@", "http://[" .. text .. "]" } do
    proxies.parse(url)
    proxies.secrets(url)
  end
end, { "#", "?", "/" })

add("no_proxy", function(text)
  local find = require("dataworks.transport.proxy").find
  for _, no_proxy in ipairs { text, text .. "/1", "x" .. text .. "x", text .. ":1", "1." .. text, text .. ",h" } do
    for _, url in ipairs { "https://h.example.com/", "https://10.0.0.1/" } do
      find(url, { proxy = "http://p:1", no_proxy = no_proxy }, function() end)
    end
  end
end, { "/" })

add("an endpoint or a region", function(text)
  local endpoints = require "dataworks.api.endpoints"
  for _, one in ipairs { text, "http://" .. text, "h:" .. text, "[" .. text .. "]", "cn-" .. text .. "!", "dataworks" .. text } do
    local url = endpoints.url(one)
    if url and url:find "://%w" then endpoints.service(url) end
    endpoints.host(one)
    endpoints.resolve(one)
  end
end, { "-", "/" })

add("a URL inside nginx", function(text)
  local targets = require "dataworks.transport.ngx.target"
  for _, url in ipairs { "https://" .. text, "https://h/" .. text, "https://h:" .. text, "https://[" .. text .. "]/", "https://" .. text .. ":x/" } do
    pcall(targets.find, { options = {} }, url, "")
  end
end, { "/" })

add("an address, a date or an encoded text", function(text)
  for _, one in ipairs { text, "1.1.1." .. text, "::" .. text, "1:" .. text .. ":1", "2024-05-18T" .. text } do
    core.parse_address(one)
    core.is_loopback(one)
    core.parse_date(one)
    core.percent_decode(one)
    core.percent_encode(one)
  end
end, { "/", "-" })

add("the variables of a client", function(text)
  for _, value in ipairs { text, text .. "x", "https://" .. text } do
    local client = dataworks.new {
      access_key_id = "i", access_key_secret = "s", getenv = function(name)
        return name ~= "HOME" and not name:find "_DISABLED" and value:gsub("%z", "") or nil
      end,
    }
    client:request("GetFile", { ProjectId = 1, FileId = 1 })
    client:close()
  end
end, { "/", "-" })

add("the name of an action or an option", function(text)
  local client = fake.client {}
  pcall(client.call, client, text, {})
  pcall(client.call, client, "Get" .. text, {})
  pcall(dataworks.new, { [text] = 1 })
  pcall(dataworks.new, { region = text })
  pcall(dataworks.new, { endpoint = text })
end)

add("the parameters of a call", function(text)
  local client = fake.client({ fake.lost(false), fake.lost(false) }, { retries = 0 })
  for _, params in ipairs {
    { ProjectId = text, FileId = "1" .. text }, { ProjectId = 1, FileId = 1, ["x" .. text] = 1 },
  } do
    client:request("GetFile", params)
  end
  local request = client:request("CreateFile", { ProjectId = 1, FileName = text, Content = text, FileType = 10 })
  tostring(request)
  for _, script in ipairs { text, "{" .. text, '{"type":' .. quote(text) .. "}", { type = text, steps = { text } } } do
    client:request("GenerateDISyncTaskConfigForCreating", {
      ProjectId = 1, TaskType = "DI_REALTIME", TaskParam = script, ClientToken = text,
    })
    client:request("CreateDISyncTask", { ProjectId = 1, TaskType = "DI_REALTIME", TaskContent = script })
  end
  client:create_sync_task { ProjectId = 1, TaskType = "DI_REALTIME", TaskParam = text, ClientToken = text }
end, { "\\" })

add("JSON and the fields of a signature", function(text)
  for _, one in ipairs { text, quote(text), "[" .. text .. "]", '{"a":' .. text .. "}" } do
    dataworks.decode(one)
    core.locate(one, "a." .. text)
  end
  dataworks.encode { [text] = text }
  pcall(dataworks.sign, {
    method = "GET", headers = { host = text }, query = { a = text }, body = text, access_key_id = "i", access_key_secret = "s",
  })
end, { "\\" })

add("an id or a stored state", function(text)
  local ids = require "dataworks.util.ids"
  ids.text(text)
  ids.text(text .. "LL")
  ids.native(text)
  require("dataworks.tasks.state").open { version = 2, digest = text, flow = text, step = text }
end)

add("a debug line", function(text)
  local log = require "dataworks.call.event_log"
  log.line { type = "response", action = text, request_id = text, error = errors.new { message = text } }
  log.writer(nil, function() return text end)
end)

-- Credentials

local PATH

--- A provider's host. Each request gets this reply.
local function host_of(body, status, variables)
  return {
    getenv = function(name) return (variables or {})[name] end, now = function() return NOW end, clock = function() return 1 end,
    random = function() return 0.5 end, nonce = function() return "n" end, user_agent = "a", allow_http = true,
    http = function() return { status = status or 200, headers = {}, body = body } end,
    latch = function() end, is_closed = function() return false end, events = { emit = function() end }, clock_skew = { correct = function() return false end },
  }
end

local function get(name, fields, host)
  return require("dataworks.credentials." .. name).new(fields, host):get(1000)
end

add("the credentials file", function(text)
  for _, content in ipairs {
    text, "[" .. text, "[default]" .. text .. "x", "[default]\nkey = \"" .. text, "[default]\nkey " .. text,
    "[default]\n" .. text .. "= x", "[default]\nkey = x" .. text .. "x", "[default]\ntype = " .. text,
  } do
    files.write(PATH, content)
    get("ini", { file = PATH }, host_of "")
  end
end, { "]", "#", ";", "'", "\r", "\n" })

add("the configuration of the CLI", function(text)
  for _, content in ipairs {
    text, '{"profiles":' .. text .. "}", ('{"current":"x","profiles":[{"name":"x","mode":%s}]}'):format(quote(text)),
    ('{"current":"x","profiles":[{"name":"x","access_key_id":%s,"access_key_secret":"s"}]}'):format(quote(text)),
    ('{"current":"x","profiles":[{"name":"x","mode":"External","process_command":%s}]}'):format(quote("/" .. text)),
    ('{"current":"x","profiles":[{"name":"x","region_id":%s}]}'):format(quote(text)),
  } do
    files.write(PATH, content)
    get("cli_profile", { file = PATH }, host_of "")
    require("dataworks.credentials.cli_profile").region({ file = PATH }, function() end)
  end
end, { "{", "]", "\\", "\n" })

local edit = require("dataworks.credentials.json_edit").set

add("changes of the CLI's configuration", function(text)
  edit('{"p":' .. quote(text) .. ',"a":' .. quote(text) .. "}", {}, { a = "x", b = "y" })
end, { "\\" })

add_long("changes of a configuration with many members", function(text)
  edit("{" .. (" "):rep(#text) .. '"a":1}', {}, { a = "x", b = "y" })
  edit("{" .. ('"a":1,'):rep(math.floor(#text / 6)) .. '"b":1}', {}, { a = "x" })
  edit('{"a":' .. ("["):rep(#text / 2) .. ("]"):rep(#text / 2) .. "}", {}, { a = "x" })
end)

add("a command line", function(text)
  for _, line in ipairs { text, "a" .. text, '"' .. text .. '"', "'" .. text .. "'", text:rep(2, "\\"), ("\\" .. text:sub(1, 1)):rep(#text / 2) } do
    commands.split(line)
  end
end, { "'", "\\", "\n" })

add("the output of a program", function(text)
  files.write(PATH, text:sub(1, 65000))
  get("external", { process_command = "cat " .. PATH }, host_of "")
end)

add("the reply of a credentials service", function(text)
  local reply = require "dataworks.credentials.reply"
  for _, body in ipairs {
    text, "{" .. text, '{"Code":' .. quote(text) .. "}",
    '{"Code":"Success","AccessKeyId":"i","AccessKeySecret":"s","SecurityToken":"t","Expiration":' .. quote(text) .. "}",
    '{"Code":"Success","AccessKeyId":"i","AccessKeySecret":"s","SecurityToken":"t","Expiration":' .. quote("2024-05-18T09:09:10." .. text) .. "}",
  } do
    get("uri", { uri = "https://h/" }, host_of(body))
    get("ecs_ram_role", {}, host_of(body))
    get("ecs_ram_role", { role_name = "r" }, host_of(body))
    reply.parse_object(body)
  end
  for _, date in ipairs { text, "2024-05-18T09:09:10" .. text, "2024-05-18T09:09:10." .. text .. "x", text .. "-05-18T09:09:10Z" } do
    reply.parse_expiration(date)
  end
end, { "-", "\\" })

add("the reply of STS, and the token that it gets", function(text)
  files.write(PATH, text)
  local fields = { role_arn = "acs:ram::1:role/r", oidc_provider_arn = "p", oidc_token_file = PATH }
  get("oidc", fields, host_of '{"Credentials":{}}')
  files.write(PATH, "x" .. text .. "x")
  get("oidc", fields, host_of(text))
  get("oidc", fields, host_of(('{"Code":%s,"Message":%s}'):format(quote(text), quote(text)), 400))
end)

add("a credentials URI", function(text)
  for _, uri in ipairs { text, "http://" .. text, "http://u:" .. text .. "@h/", "http://h:" .. text, "http://[" .. text .. "]:" .. text .. "x" } do
    local host = host_of "{}"
    host.allow_http = false
    get("uri", { uri = uri }, host)
    require("dataworks.credentials.exchange").origin(uri)
  end
end, { "/" })

-- The emulator

local CRYPTO = { digest = function() return ("d"):rep(32) end, hmac = function() return ("h"):rep(32) end }

local function check_request(changes)
  local gateway = require("dataworks.emulator.gateway").new {
    crypto = CRYPTO, now = function() return NOW end, credentials = { { access_key_id = "i", access_key_secret = "s" } },
    is_known = function() return false end,
    actions = { ["2020-05-18"] = { GetFile = { version = "2020-05-18", method = "POST", params = { { "FileId", "long" }, { "Text", "string" } } } } },
  }
  local request = {
    method = "POST", path = "/", query = changes.query or "", body = changes.body or "",
    headers = {
      host = "h", ["x-acs-action"] = "GetFile", ["x-acs-version"] = "2020-05-18", ["x-acs-date"] = "2024-05-18T08:09:10Z",
      ["x-acs-signature-nonce"] = "n", ["x-acs-content-sha256"] = "x", ["content-type"] = "application/x-www-form-urlencoded",
      authorization = "ACS3-HMAC-SHA256 Credential=i,SignedHeaders=host;x-text,Signature=x",
    },
  }
  for name, value in pairs(changes.headers or {}) do request.headers[name] = value or nil end
  return gateway:check(request)
end

add("a request to the emulator", function(text)
  for _, authorization in ipairs {
    text, "ACS3-HMAC-SHA256 " .. text, "ACS3-HMAC-SHA256 Credential=" .. text, "ACS3-HMAC-SHA256 Credential=i,SignedHeaders=" .. text,
    "ACS3-HMAC-SHA256 Credential=i,SignedHeaders=host,Signature=" .. text,
  } do
    check_request { headers = { authorization = authorization } }
  end
  check_request { query = text, headers = { ["x-text"] = text } }
  check_request { query = text .. "=" .. text, body = "a" .. text, headers = { ["x-text"] = "x" .. text .. "x" } }
  check_request { headers = { ["x-acs-date"] = text, ["content-type"] = text, host = text } }
  check_request { headers = { ["x-acs-signature-nonce"] = text, ["x-acs-action"] = text } }
end, { "&", ";", "\n" })

local RPC = "AccessKeyId=i&Signature=x&SignatureNonce=n&Timestamp=2024-05-18T08:09:10Z&"

add("parameters of a request to the emulator", function(text)
  check_request { query = RPC .. text, headers = { authorization = false } }
  local parameters = require "dataworks.emulator.gateway.parameters"
  for _, value in ipairs { text, text .. "x", "-" .. text, "1" .. text } do
    parameters.check(nil, nil, { row = { params = { { "FileId", "long" }, { "On", "boolean" } } }, params = { FileId = value, On = value } })
  end
end, { "&", "+" })

add_long("a request to the emulator with many parameters or signed headers", function(text)
  check_request { query = RPC, body = text:gsub(".", "%0&"), headers = { authorization = false } }
  check_request { headers = {
    authorization = "ACS3-HMAC-SHA256 Credential=i,SignedHeaders=" .. text:gsub(".", "%0;") .. ",Signature=x",
  } }
end)

add("the emulator's JSON", function(text)
  local json = require "dataworks.emulator.json"
  for _, one in ipairs { text, "[" .. text, quote(text), '{"a":' .. text, "-" .. text, "1." .. text, '"\\u' .. text } do json.decode(one) end
  json.encode { [text] = text, list = { text } }
end, { "{", "\128", "\\" })

add("scripts and parameters in the emulator's service", function(text)
  local actions = require "dataworks.api.actions"
  local settings = require("dataworks.emulator.settings").defaults()
  local service = require("dataworks.emulator.service").new { settings = settings, now = function() return NOW end }
  local content = '{"type":"job","version":"2.0","steps":[{"category":"reader"},{"category":"writer"}]}'
  local function call(action, params)
    params.ProjectId, params.TaskType = "1", "DI_REALTIME"
    return service:call(action, params, actions[action], "account")
  end
  for _, script in ipairs { text, "{" .. text, '{"type":"realtime","version":"1.0","steps":' .. quote(text) .. "}" } do
    call("GenerateDISyncTaskConfigForCreating", { TaskParam = script, ClientToken = text })
    call("CreateDISyncTask", { TaskContent = script })
  end
  for _, param in ipairs {
    { FileFolderPath = text }, { FileFolderPath = "x/" .. text .. "y" }, { FileFolderPath = "x/" .. text .. "/y//" }, { ResourceGroup = "S_res_group_" .. text },
    { ResourceGroup = "S_res_group_" .. text .. "_" .. text .. "!" }, { Cu = text },
  } do
    for name, value in pairs(param) do param[name] = value:gsub("[\128-\255]", "?") end
    call("CreateDISyncTask", { TaskContent = content, TaskParam = assert(core.encode(param)) })
  end
  call("GetDISyncTask", { FileId = text })
  call("GetDISyncTask", { FileId = "0" .. text .. "x" })
end, { "/", "_" })

add("the settings of the emulator", function(text)
  local settings = require "dataworks.emulator.settings"
  local current, ids = settings.defaults(), require "dataworks.emulator.ids"
  settings.apply(current, { first_id = text })
  settings.apply(current, { [text] = text })
  if text:find "^%d+$" then ids.next(text) end
  local faults = require("dataworks.emulator.faults").new()
  for _ = 1, #text / 64 do faults:add { fault = "error", message = text:sub(1, 1), action = "A" } end
  repeat until not faults:take "A"
end)

add("the emulator's metadata service and tokens", function(text)
  local metadata = require("dataworks.emulator.metadata").new {
    settings = require("dataworks.emulator.settings").defaults(), issuer = {}, now = function() return NOW end, new_token = function() return "t" end,
  }
  for _, path in ipairs { "/latest/api/token", "/latest/meta-data/ram/security-credentials/" .. text, text } do
    metadata:answer { method = "PUT", path = path, headers = { ["x-aliyun-ecs-metadata-token-ttl-seconds"] = text } }
    metadata:answer { method = "GET", path = path, headers = { ["x-aliyun-ecs-metadata-token"] = text } }
  end
  local sts = require("dataworks.emulator.sts").new { settings = require("dataworks.emulator.settings").defaults(), issuer = {} }
  for _, arn in ipairs { text, "acs:ram::" .. text, "acs:ram::1:role/" .. text .. "!" } do
    sts:call("AssumeRole", { RoleArn = arn, RoleSessionName = text .. "!", Policy = text })
  end
end)

--- Calls report(what, fault) for each reader; no fault means linear time.
---@param report fun(what: string, fault: string|nil)
---@param only? string a part of what a reader is
local function check_all(report, only)
  PATH = os.tmpname()
  for _, reader in ipairs(READERS) do
    if reader.what:find(only or "", 1, true) then
      local find = reader.is_long and linear.find_fault_of or linear.find_fault
      local ok, fault = pcall(find, reader.fn, reader.is_long and "0" or reader.more)
      report(reader.what, ok and fault or not ok and "raised: " .. errors.line(fault) or nil)
    end
  end
  os.remove(PATH)
end

return { readers = READERS, check_all = check_all }
