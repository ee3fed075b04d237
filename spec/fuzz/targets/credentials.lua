-- Files, programs and services that have credentials.

local bytes = require "spec.fuzz.bytes"
local cjson = require "cjson.safe"
local cli_profile = require "dataworks.credentials.cli_profile"
local commands = require "dataworks.credentials.command"
local core = require "dataworks.core"
local exchange = require "dataworks.credentials.exchange"
local ini = require "dataworks.credentials.ini"
local json_edit = require "dataworks.credentials.json_edit"
local reply = require "dataworks.credentials.reply"

local NOW = 1716019750

local M = {}

local path = os.tmpname()
os.remove(path)
path = path:gsub("^/tmp/", "/dev/shm/") -- in memory: each input is written to the file

local function write(text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

--- What a provider gets from its host. Each request is answered with this body.
local function host_of(body)
  return {
    getenv = function() end, now = function() return NOW end, clock = function() return 1 end, random = function() return 0.5 end,
    nonce = function() return "n" end, user_agent = "a", allow_http = true,
    http = function() return { status = 200, headers = {}, body = body } end,
    latch = function() end, is_closed = function() return false end, events = { emit = function() end },
    clock_skew = { correct = function() return false end },
  }
end

--- Keys without a part are a fault, and so is a failure without a reason.
local function check(keys, failure)
  if keys then
    assert(keys.bearer_token or type(keys.access_key_id) == "string" and type(keys.access_key_secret) == "string", "keys without a part")
  else
    assert(failure and type(failure.message) == "string" and failure.message ~= "", "a failure without a reason")
  end
end

--- Gets the keys of a provider with a file, if it needs no program and no network.
local function get(module, text)
  write(text)
  local provider, failure = module.new({ file = path }, host_of "{}")
  if not provider then return check(nil, failure) end
  local keys, reason = provider:get(1000)
  check(keys, reason)
  return keys
end

local SECRET_LINE = "[default]\ntype=access_key\naccess_key_id=i\naccess_key_secret="

M.ini = {
  planted = { "lua/dataworks/credentials/ini.lua", "and value or nil", "and value:lower() or nil" },
  covers = { "lua/dataworks/credentials/ini.lua" },
  run = function(text)
    local from = bytes.new(text)
    local form, rest = from:pick { "", "[default]\n", SECRET_LINE, "[default]\ntype = sts\n" }, from:rest()
    local keys = get(ini, form .. rest)
    assert(form ~= SECRET_LINE or not rest:find "^%w+$" or keys.access_key_secret == rest, "another secret")
  end,
}

local PROFILES = {
  "%s", '{"current":"x","profiles":[{"name":"x","mode":"AK",%s}]}', '{"current":"x","profiles":[%s]}', '{"current":%s,"profiles":[]}',
  '{"current":"x","profiles":[{"name":"x","mode":"%s","access_key_id":"i","access_key_secret":"s","sts_token":"t"}]}',
}

M.cli_profile = {
  planted = { "lua/dataworks/credentials/cli_profile.lua", "if type(value) == kind and", "if" },
  covers = { "lua/dataworks/credentials/cli_profile.lua:known_fields,parse,find_profile,load_profile,profile,new,region" },
  run = function(text)
    local from = bytes.new(text)
    local form, inner = from:pick(PROFILES), from:rest()
    local document = form:gsub("%%s", function() return inner end)
    if document:find "process_command" or document:find "External" then return end -- would run a program
    get(cli_profile, document)
    cli_profile.region({ file = path }, function() end)
  end,
}

M.json_edit = {
  planted = { "lua/dataworks/credentials/json_edit.lua", "escaped and at + 1 or at", "at" },
  covers = { "lua/dataworks/credentials/json_edit.lua" },
  run = function(text)
    local from = bytes.new(text)
    local document = from:pick { '{"a":1}', '{"p":[{"a":"b"},{"b":{}}]}', nil } or "{" .. from:word() .. "}"
    if from:below(2) == 1 then document = "{" .. from:word() .. "}" end
    local value = from:word()
    if not cjson.encode(value) then return end
    if type(core.decode(document)) ~= "table" or not cjson.decode(document) then return end
    local edited = json_edit.set(document, {}, { a = value, new = "x" })
    local after = edited and cjson.decode(edited)
    assert(edited and after and after.new == "x" or not core.encode(value), "the change is lost")
  end,
}

M.command = {
  planted = { "lua/dataworks/credentials/command.lua", '["$"] = true, ', "" },
  covers = { "lua/dataworks/credentials/command.lua:split" },
  run = function(text)
    local quoted = '"' .. text:gsub('[\\"$`]', "\\%0") .. '"'
    local words = commands.split("x " .. quoted)
    assert(words and #words == 2 and words[2] == text, "a quoted word has changed")
    words = commands.split(text)
    assert(words == nil or #words > 0 and words[1] ~= "", "no program")
  end,
}

M.credentials_reply = {
  planted = { "lua/dataworks/credentials/reply.lua", "seconds - ahead", "seconds - ahead .. 'x'" },
  covers = { "lua/dataworks/credentials/reply.lua" },
  run = function(text)
    local from = bytes.new(text)
    local seconds = reply.parse_expiration(from:pick { "", "2024-05-18T08:09:10" } .. from:word())
    assert(seconds == nil or type(seconds) == "number", "not a date")
    local object = reply.parse_object(from:rest())
    if object then
      local keys, failure = reply.parse_credentials(object, reply.PASCAL, { token = true })
      check(keys, failure)
    end
  end,
}

M.credentials_uri = {
  planted = { "lua/dataworks/credentials/exchange.lua", "^.*@(.*)$", "^[^@]*@(.*)$" },
  covers = { "lua/dataworks/credentials/exchange.lua:origin" },
  run = function(text)
    local origin = exchange.origin("http://" .. text)
    assert(not origin:gsub("^http://", ""):find "[@/?#]", "an origin with a secret")
  end,
}

return M
