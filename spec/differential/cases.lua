-- Prints COUNT random cases of each kind with the results of this library, a JSON object a line, for check.py:
-- cases.lua SEED COUNT

local cjson = require "cjson"
local cjson_oracle = require "spec.support.cjson_oracle"
local core = require "dataworks.core"
local dataworks = require "dataworks"
local fake = require "spec.support.fake"

local seed, count = tonumber(arg[1]), tonumber(arg[2])
math.randomseed(seed)

local PIECES = {
  "a", "Z", "0", "-", ".", "_", "~", " ", "+", "*", "%", "/", "&", "=", "?", "#", ":", ";", ",", "'", '"', "\\", "!", "(", "[", "{",
  "\t", "\n", "\127", "é", "ß", "用", "户", "😀", "\226\128\174", "\226\128\168",
}
local HEADER_PIECES = { "a", "B", "7", " ", ";", "=", "/", ",", "-" }
local ADDRESS_PIECES = { "0", "1", "9", "255", "256", "10", "f", "ffff", "abcd", ".", ".", ".", ":", ":", "::", "%", "g", " ", "-" }

local function text(pieces, max)
  local out = {}
  for i = 1, math.random(0, max) do out[i] = pieces[math.random(#pieces)] end
  return table.concat(out)
end

local function fields(max, key, value)
  local map = {}
  for _ = 1, math.random(0, max) do map[key()] = value() end
  return map
end

local function any() return text(PIECES, 12) end

-- The SDK does not encode the names of parameters in the query.
local function query_name() return text({ "a", "Z", "0", "-", ".", "_", "~" }, 6) end

local make = {}

function make.percent()
  local plain = any()
  return { text = plain, result = core.percent_encode(plain) }
end

function make.address()
  local address = text(ADDRESS_PIECES, 12)
  if math.random(2) == 1 then
    address = ("%d.%d.%d.%d"):format(math.random(0, 300), math.random(0, 300), math.random(0, 255), math.random(0, 255))
  end
  local bytes = core.parse_address(address)
  return { text = address, result = bytes and bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end) or dataworks.null }
end

function make.acs3()
  local headers = fields(4, function() return "x-acs-" .. text({ "a", "b", "-", "1" }, 4) end, function() return text(HEADER_PIECES, 8) end)
  headers.host = "dataworks.cn-shanghai.aliyuncs.com"
  local case = {
    method = ({ "GET", "POST", "PUT" })[math.random(3)], path = "/" .. text({ "a", "b", "/", "-" }, 4), query = fields(5, query_name, any),
    headers = headers, body = any(), access_key_id = "id", access_key_secret = "secret" .. text(HEADER_PIECES, 3),
    algorithm = "ACS3-HMAC-" .. (math.random(10) == 1 and "SM3" or "SHA256"), -- SM3 is slow in Python
  }
  case.result = dataworks.sign(case).authorization
  return case
end

function make.rpc()
  local case = {
    algorithm = "HMAC-SHA1", method = ({ "GET", "POST" })[math.random(2)], params = fields(6, any, any), access_key_secret = "secret" .. any(),
  }
  case.result = dataworks.sign(case).signature
  return case
end

local function hex(bytes)
  return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

local NUMBERS = {
  "0", "-0", "7", "-12", "9007199254740993", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1.5", "-0.25e2", "1E+2",
  "123456789012345678901234567890", "1e-7", "0.1", "2.2250738585072014e-308", "5e-324", "1.7976931348623157e308", "1e400", "-1e400",
}
local TEXT_PIECES = {
  "a", "key", "RequestId", " ", "é", "用户", "😀", "\127", '\\"', "\\\\", "\\/", "\\b", "\\n", "\\u0000", "\\u20AC", "\\ud83d\\ude00", "\\uD800",
}
local NOISE = {
  "", ",", ":", "[", "]", "{", "}", '"', "\\", "0", "-", "+", "e", ".", "t", "\\u", "\\x", "\\udc00", " ", "\f", "\0", "\1", "\n", "'", "/**/",
  "NaN", "Infinity", "-Infinity", "\128", "\192\128", "\237\160\128", "\244\144\128\128", "\239\187\191", "0x1",
}

local function pick(list) return list[math.random(#list)] end

local function blank() return pick { "", "", "", " ", "\n", "\t", "\r\n" } end

local function json_text() return '"' .. (math.random(20) == 1 and "" or text(TEXT_PIECES, 4)) .. '"' end

local function json(depth)
  local kind = math.random(depth > 5 and 3 or 6)
  if kind == 1 then return pick(NUMBERS) end
  if kind == 2 then return json_text() end
  if kind == 3 then return pick { "null", "true", "false", "[]", "{}" } end
  local items, is_list = {}, kind == 4
  for i = 1, math.random(0, 4) do
    items[i] = blank() .. (is_list and "" or json_text() .. blank() .. ":" .. blank()) .. json(depth + 1) .. blank()
  end
  return (is_list and "[" or "{") .. table.concat(items, ",") .. blank() .. (is_list and "]" or "}")
end

local function mutate(plain)
  local at = math.random(#plain)
  return plain:sub(1, at - 1) .. pick(NOISE) .. plain:sub(at + math.random(0, 1))
end

function make.reply()
  local reply = blank() .. json(0) .. blank()
  for _ = 1, math.random(-1, 2) do reply = mutate(reply .. " ") end
  if math.random(100) == 1 then
    local depth = math.random(120, 136)
    reply = ("["):rep(depth) .. ("]"):rep(depth)
  end
  local value, err = core.decode(reply)
  return { text = hex(reply), result = err and dataworks.null or assert(core.encode(value)), cjson = cjson_oracle.read(reply) }
end

local BYTES = { "a", "key", "é", "用户", "😀", "\0", "\n", '"', "\\", "/", "\127", "\31", "\226\128\168" }
local BAD_BYTES = { "\128", "\192\128", "\237\160\128", "\244\144\128\128", "\255" }

local function bytes() return text(BYTES, 5) .. (math.random(200) == 1 and pick(BAD_BYTES) or "") end

local function number()
  local kind = math.random(60)
  if kind == 1 then return pick { 1 / 0, -1 / 0, 0 / 0 } end
  if kind < 20 then return math.random(-9, 9) end
  if kind < 40 then return pick { math.mininteger, math.maxinteger, 9007199254740993, math.random(0) } end
  return (math.random() - 0.5) * 10.0 ^ math.random(-320, 300)
end

-- Returns a value, and its description, in which texts are in hex and numbers are texts.
local function described(depth)
  local kind = math.random(depth > 4 and 4 or 8)
  if kind == 1 then
    local value = bytes()
    return value, { "text", hex(value) }
  end
  if kind == 2 then
    local value = number()
    return value, { "number", math.type(value) == "integer" and ("%d"):format(value) or ("%.17g"):format(value) }
  end
  if kind == 3 then return pick { dataworks.null, cjson.null }, { "null" } end
  if kind == 4 then
    local value = math.random(2) == 1
    return value, { tostring(value) }
  end
  local value, description, is_list = {}, {}, kind < 7
  for i = 1, math.random(0, 4) do
    local key = is_list and i or bytes()
    local item, item_description = described(depth + 1)
    if value[key] == nil then
      value[key] = item
      table.insert(description, is_list and item_description or { hex(key), item_description })
    end
  end
  if is_list and #value == 0 then value = pick { dataworks.list {}, cjson.empty_array } end
  return value, { is_list and "list" or "map", dataworks.list(description) }
end

function make.script()
  local value, description = described(0)
  local encoded = dataworks.encode(value, { unchecked = true })
  return { value = description, result = encoded or dataworks.null, cjson = encoded and cjson_oracle.read(encoded) or "refused" }
end

local CALLS = 100

-- A client with a limit makes calls after random pauses. The result is the times at which they are sent.
function make.rate()
  local limit = { qps = math.random(1, 400) / math.random(1, 20), burst = math.random(5) }
  local arrivals, sent = {}, {}
  local answers = setmetatable({}, { __index = function() return fake.good { Status = "success" } end })
  local client, world = fake.client(answers, { limit = limit })
  for i = 1, CALLS do
    if math.random(3) == 1 then world.now = world.now + math.random() * 4 / limit.qps end
    arrivals[i] = world.now
    assert(client:GetDISyncTask { ProjectId = 10, FileId = 5, TaskType = "DI_REALTIME" })
    sent[i] = world.now
  end
  return { qps = limit.qps, burst = limit.burst, arrivals = arrivals, result = sent }
end

for _, kind in ipairs { "percent", "address", "acs3", "rpc", "reply", "script", "rate" } do
  for _ = 1, kind == "rate" and math.ceil(count / CALLS) or count do
    local case = make[kind]()
    case.kind = kind
    for _, name in ipairs { "query", "params" } do
      if case[name] and next(case[name]) == nil then case[name] = nil end -- an empty table would be a list
    end
    print(assert(core.encode(case)))
  end
end
