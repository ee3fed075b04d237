-- Prints random cases with the results of this library, a JSON object a line, for check.py: cases.lua SEED COUNT

local core = require "dataworks.core"
local dataworks = require "dataworks"

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
    algorithm = ({ "ACS3-HMAC-SHA256", "ACS3-HMAC-SM3" })[math.random(2)],
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

local KINDS = { "percent", "address", "acs3", "rpc" }

for i = 1, count do
  local kind = KINDS[i % #KINDS + 1]
  local case = make[kind]()
  case.kind = kind
  for _, name in ipairs { "query", "params" } do
    if case[name] and next(case[name]) == nil then case[name] = nil end -- an empty table would be a list
  end
  print(assert(core.encode(case)))
end
