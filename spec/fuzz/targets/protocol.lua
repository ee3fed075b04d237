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
local STATUS = { 200, 200, 400, 403, 429, 500, 503, 302 }

--- A text in which the byte 1 stands for the secret.
local function with_secret(text) return (text:gsub("\1", (SECRET:gsub("%%", "%%%%")))) end

M.response = {
  planted = { "lua/dataworks/protocol/redactor.lua", "local M = {}", "local M = {} do return { new = function() return function(text) return text end end } end" },
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
  run = function(text)
    local redacted = context.redact(with_secret(text))
    assert(not redacted:find(SECRET, 1, true) and not redacted:find(core.percent_encode(SECRET), 1, true), "the text has a secret")
  end,
}

M.retry_after = {
  planted = { "lua/dataworks/protocol/retry_after.lua", "seconds > 0 and", "seconds >= 0 and" },
  run = function(text)
    local from = bytes.new(text)
    local headers = {}
    for _, name in ipairs { "retry-after", "x-acs-retry-after", "x-ratelimit-user", "x-ratelimit-user-api" } do headers[name] = from:word() end
    local seconds = retry_after.find(headers, { kind = "service", status = from:pick(STATUS) }, context.now)
    assert(seconds == nil or seconds > 0 and seconds < math.huge, "not a time to wait")
  end,
}

M.signature_diagnosis = {
  planted = { "lua/dataworks/protocol/signature_diagnosis.lua", 'and not text:find("[^%w%-%._:/;=, ]")', "" },
  run = function(text)
    local from = bytes.new(text)
    local request = {
      method = "POST", url = "https://h/?a=" .. core.percent_encode(from:word()), headers = { authorization = "ACS3-HMAC-SHA256 x" }, body = from:word(),
    }
    local message = from:pick { "%s", "server StringToSign is [%s", "server string to sign is:POST&%s", "server StringToSign is [ACS3-HMAC-SHA256\nx] server CanonicalRequest is [%s]" }
    local inner = from:rest()
    local explained = diagnosis.explain(request, "SignatureDoesNotMatch", (message:gsub("%%s", function() return inner end)))
    assert(explained == nil or #explained < 1000 and not explained:find "[%c\128-\255]", "not an explanation")
  end,
}

M.state = {
  planted = { "lua/dataworks/tasks/state.lua", "~= state.digest then", "~= state.digest and #state.digest ~= 3 then" },
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
