-- Replies of the service, and what becomes of their texts.

local bytes = require "spec.fuzz.bytes"
local core = require "dataworks.core"
local redactor = require "dataworks.protocol.redactor"
local response = require "dataworks.protocol.response"
local retry_after = require "dataworks.protocol.retry_after"
local diagnosis = require "dataworks.protocol.signature_diagnosis"
local states = require "dataworks.tasks.state"

local NOW = 1716019750
local SECRET = "s3cret/Ke+y=value"

local M = {}

local context = {
  redact = redactor.new { SECRET }, now = function() return NOW end,
  request = { method = "POST", url = "https://h/?a=b", headers = { authorization = "ACS3-HMAC-SHA256 x" }, body = "" },
}

local FORMS = {
  "%s", '{"Code":"%s"}', '{"Code":"Throttling.User","Message":"%s"}', '{"RequestId":"R","Success":false,"ErrorMessage":"%s"}',
  '{"RequestId":"R","Data":{"Status":"FAIL","Message":"%s"}}', '{"RequestId":"R","Data":{"FileId":%s}}', "<html>%s</html>",
}
local check_changed_request

local STATUS = { 200, 200, 400, 403, 429, 500, 503, 302 }

--- A text in which the byte 1 stands for the secret.
local function with_secret(text) return (text:gsub("\1", (SECRET:gsub("%%", "%%%%")))) end

local SHORT_SECRET = "s3cr&t"
local redact_short = redactor.new { SHORT_SECRET }

local function with_short(text) return (text:gsub("\1", SHORT_SECRET)) end

M.response = {
  planted = { "lua/dataworks/protocol/redactor.lua", "local M = {}", "local M = {} do return { new = function() return function(text) return text end end } end" },
  covers = { "lua/dataworks/protocol/response.lua" },
  run = function(text)
    local from = bytes.new(text)
    local status, form = from:pick(STATUS), from:pick(FORMS)
    local headers = from:below(4) == 0 and { ["retry-after"] = from:word(), location = from:word() } or {}
    local inner = with_secret(from:rest())
    local body = form:gsub("%%s", function() return inner end)
    local result, err = response.read({ status = status, headers = headers, body = body }, "outcome", context)
    assert(result or type(err) == "table" and type(err.kind) == "string", "neither a result nor an error")
    assert(result or not tostring(err.message):find(SECRET, 1, true), "the message has a secret")
  end,
}

M.redactor = {
  planted = { "lua/dataworks/protocol/redactor.lua", "local M = {}", "local M = {} do return { new = function() return function(text) return text end end } end" },
  covers = { "lua/dataworks/protocol/redactor.lua" },
  run = function(text)
    for _, max_bytes in ipairs { math.huge, 40 } do
      local redacted = context.redact(with_secret(text), max_bytes < #text and max_bytes or nil)
      assert(not redacted:find(SECRET, 1, true) and not redacted:find(core.percent_encode(SECRET), 1, true), "the text has a secret")
    end
    assert(not redact_short(with_short(text)):find(SHORT_SECRET, 1, true), "the text has a short secret")
  end,
}

M.retry_after = {
  planted = { "lua/dataworks/protocol/retry_after.lua", "seconds > 0 and", "seconds >= 0 and" },
  covers = { "lua/dataworks/protocol/retry_after.lua" },
  run = function(text)
    local from = bytes.new(text)
    local headers = {}
    for _, name in ipairs { "retry-after", "x-acs-retry-after", "x-ratelimit-user", "x-ratelimit-user-api" } do headers[name] = from:word() end
    local seconds = retry_after.find(headers, { kind = "service", status = from:pick(STATUS) }, context.now)
    assert(seconds == nil or seconds > 0 and seconds < math.huge, "not a time to wait")
  end,
}

--- Returns the stages of a signature, as the service echoes them.
local function echo_of(request, algorithm)
  local signed = core.sign {
    algorithm = algorithm, method = request.method, path = request.path, query = request.query, headers = request.headers, body = request.body,
    params = algorithm == "HMAC-SHA1" and request.query or nil, access_key_id = "i", access_key_secret = "s",
  }
  if algorithm == "HMAC-SHA1" then return "Specified signature is not matched with our calculation. server string to sign is:" .. signed.string_to_sign end
  return ("Specified signature does not match our calculation. server StringToSign is [%s] server CanonicalRequest is [%s]"):format(
    signed.string_to_sign, signed.canonical_request)
end

local function query_text(query)
  local pieces = {}
  for name, value in pairs(query) do pieces[#pieces + 1] = core.percent_encode(name) .. "=" .. core.percent_encode(value) end
  return table.concat(pieces, "&")
end

--- Lets a part of a request change on its way. The explanation must say so, and must not accuse the secret.
function check_changed_request(from)
  local algorithm = from:pick { "ACS3-HMAC-SHA256", "HMAC-SHA1" }
  local sent = {
    method = "POST", path = "/", query = { Action = "GetThing", b = from:word() }, headers = { host = "h", ["x-acs-action"] = "GetThing" },
    body = algorithm == "HMAC-SHA1" and "" or from:word(),
  }
  local received = { method = sent.method, path = sent.path, query = {}, headers = {}, body = sent.body }
  for name, value in pairs(sent.query) do received.query[name] = value end
  for name, value in pairs(sent.headers) do received.headers[name] = value end
  local part, word = from:pick { "none", "method", "path", "query", "headers", "body", "name" }, from:word()
  if part == "method" then received.method = "GET"
  elseif part == "path" then received.path = "/x"
  elseif part == "query" then received.query.b = from:below(3) > 0 and word or nil
  elseif part == "name" then received.query[from:pick { "c", "d" }] = word
  elseif part == "headers" then received.headers[from:pick { "host", "x-acs-action", "x-acs-more" }] = word:gsub("%c", "")
  elseif part == "body" then received.body = word end
  local request = {
    method = sent.method, url = "https://h/?" .. query_text(sent.query), headers = { host = "h", ["x-acs-action"] = "GetThing" }, body = sent.body,
  }
  if algorithm ~= "HMAC-SHA1" then request.headers.authorization = algorithm .. " x" end
  local message, original = echo_of(received, algorithm), echo_of(sent, algorithm)
  local explained = diagnosis.explain(request, "SignatureDoesNotMatch", message)
  if message == original then
    assert(explained:find "^The AccessKey secret is wrong", "an unchanged request has changed: " .. explained)
  else
    assert(explained == nil or explained:find "^The request was changed", "a changed request has not changed: " .. tostring(explained))
  end
end

M.signature_diagnosis = {
  planted = { "lua/dataworks/protocol/signature_diagnosis.lua", 'and not text:find("[^%w%-%._:/;=, ]")', "" },
  covers = { "lua/dataworks/protocol/signature_diagnosis.lua" },
  run = function(text)
    local from = bytes.new(text)
    local request = {
      method = "POST", url = "https://h/?a=" .. core.percent_encode(from:word()), headers = { authorization = "ACS3-HMAC-SHA256 x" }, body = from:word(),
    }
    local message = from:pick { "%s", "server StringToSign is [%s", "server string to sign is:POST&%s", "server StringToSign is [ACS3-HMAC-SHA256\nx] server CanonicalRequest is [%s]" }
    local inner = from:rest()
    local explained = diagnosis.explain(request, "SignatureDoesNotMatch", (message:gsub("%%s", function() return inner end)))
    assert(explained == nil or #explained < 1000 and not explained:find "[%c\128-\255]", "not an explanation")
    check_changed_request(bytes.new(text))
  end,
}

M.state = {
  planted = { "lua/dataworks/tasks/state.lua", "~= state.digest then", "~= state.digest and #state.digest ~= 3 then" },
  covers = { "lua/dataworks/tasks/state.lua" },
  run = function(text)
    local from = bytes.new(text)
    local fields = { flow = from:word(), step = from:word(), token = from:word() }
    local opened = assert(states.open(states.seal(fields)))
    assert(opened.flow == fields.flow and opened.step == fields.step and opened.token == fields.token, "the state has changed")
    fields.version, fields.digest = from:below(4), from:word()
    local forged, message = states.open(fields)
    assert(not forged and type(message) == "string", "a forged state is opened")
  end,
}

return M
