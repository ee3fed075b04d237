-- The parts of a request and of a call, and what Lua, OpenSSL and libcurl alone take for the same bytes.

local catalog = require "dataworks.api.catalog"
local cjson = require "cjson"
local core = require "dataworks.core"
local curl = require "dataworks.curl"
local floor = require "floor"
local loopback = require "bench.loopback"
local measure = require "bench.measure"

local ACTION = "GenerateDISyncTaskConfigForCreating"

--- Returns the context of core.request for a server on this machine.
local function context_of(endpoint, user_agent)
  return {
    signer = core.signer { access_key_id = loopback.ID, access_key_secret = loopback.SECRET },
    endpoint = endpoint, date = 1800000000, nonce = core.nonce(), user_agent = user_agent,
  }
end

local function request()
  local client = loopback.client(1)
  local signed = assert(client:request(ACTION, loopback.PARAMS))
  local row, headers = catalog.find(ACTION), 0
  for _ in pairs(signed.headers) do headers = headers + 1 end
  local context = context_of("http://127.0.0.1:1", signed.headers["user-agent"])
  local script = loopback.PARAMS.TaskParam
  local figures = measure.parts(5000, {
    { "OpenSSL", loopback.openssl(signed) },
    { "reading the parameters", function(count) return floor.read(loopback.PARAMS, count) end },
    { "making the table", function(count)
      return floor.write(signed.method, signed.url, signed.body, signed.headers, headers, count)
    end },
    { "cjson.encode of the script", measure.repeated(function() cjson.encode(script) end) },
    { "encode, with the checks", measure.repeated(function() core.encode(script) end) },
    { "core.signed_request", measure.repeated(function()
      core.signed_request(ACTION, row, loopback.PARAMS, context)
    end) },
    { "core.request", measure.repeated(function() core.request(ACTION, row, loopback.PARAMS, context) end) },
    { "client:request", measure.repeated(function() client:request(ACTION, loopback.PARAMS) end) },
  })
  client:close()
  return figures
end

local function encode()
  local script = loopback.PARAMS.TaskParam
  return measure.parts(5000, {
    { "reading the script", function(count) return floor.read(script, count) end },
    { "cjson.encode", measure.repeated(function() cjson.encode(script) end) },
    { "encode, without the checks", measure.repeated(function() core.encode(script, true) end) },
    { "encode, with the checks", measure.repeated(function() core.encode(script) end) },
  })
end

local function call()
  return loopback.with_server(function(_, client, url, target, headers, body)
    local signed = assert(client:request(ACTION, loopback.PARAMS))
    local session = curl.new {}
    local ready = core.signed_request(ACTION, catalog.find(ACTION), loopback.PARAMS,
      context_of(url:sub(1, -2), signed.headers["user-agent"]))
    local function send() return session:send(ready, 30, 5, "") end
    local _, _, reply = send()
    local _, canonical_request, string_to_sign, secret = loopback.signed_texts(signed)
    local function smallest(count)
      return floor.call(url, target, headers, body, canonical_request, string_to_sign, secret,
        loopback.PARAMS.TaskParam, cjson.encode, cjson.decode, count)
    end
    local figures = measure.parts(1000, {
      { "libcurl", function(count) return floor.curl(url, target, headers, body, count) end },
      { "the smallest program", smallest },
      { "a ready request", measure.repeated(send) },
      { "client:request", measure.repeated(function() client:request(ACTION, loopback.PARAMS) end) },
      { "decoding the reply", measure.repeated(function() core.decode_reply(reply) end) },
      { "client:generate", measure.repeated(function() client:generate(loopback.PARAMS) end) },
    })
    session:close()
    return figures
  end)
end

return {
  { name = "parts-encode", ours = "the parts of dataworks.encode of the script, CPU time", measure = encode },
  { name = "parts-request", ours = "the parts of client:request, CPU time", measure = request },
  { name = "parts-call", ours = "the parts of client:generate over an open connection, CPU time", measure = call },
}
