-- The vectors, and what depends on the size of an integer, without busted and lua-cjson: for a Lua that has neither.

require "dataworks.api.core_data"
local core = require "dataworks.core"
local decode = require("dataworks.emulator.json").decode

local function read(name)
  local file = assert(io.open("spec/vectors/" .. name .. ".json", "rb"))
  local text = file:read "*a"
  file:close()
  return assert(decode(text)).vectors
end

local function from_base64(text)
  local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  local bits, count, bytes = 0, 0, {}
  for char in text:gmatch "[^=]" do
    bits, count = bits * 64 + alphabet:find(char, 1, true) - 1, count + 6
    if count >= 8 then
      count = count - 8
      bytes[#bytes + 1] = string.char(math.floor(bits / 2 ^ count))
      bits = bits % math.floor(2 ^ count)
    end
  end
  return table.concat(bytes)
end

local passed = 0

local function check(name, expected, got)
  if expected ~= got then
    error(("%s: expected %s, got %s"):format(name, tostring(expected), tostring(got)), 0)
  end
  passed = passed + 1
end

for _, kind in ipairs { "acs3", "rpc" } do
  for _, vector in ipairs(read(kind)) do
    vector.body = vector.body_base64 and from_base64(vector.body_base64)
    local got = assert(core.sign(vector))
    for _, stage in ipairs { "canonical_request", "string_to_sign", "signature", "authorization" } do
      if kind == "acs3" or got[stage] then check(vector.id .. " " .. stage, vector[stage], got[stage]) end
    end
  end
end

check("the largest integer", "[9223372036854775807,-9223372036854775808]", core.encode { math.maxinteger, math.mininteger })
check("an integral float", "[4294967296,1e+300]", core.encode { 4294967296.0, 1e300 })
check("a date after 2038", 4102444800, core.parse_date "2100-01-01T00:00:00Z")
local signer = assert(core.signer { access_key_id = "id", access_key_secret = "secret" })
local request = assert(core.request("Action", { version = "1", method = "POST", params = {} }, {}, {
  endpoint = "https://example.com", nonce = "n", date = 4102444800, signer = signer,
}))
check("a request after 2038", "2100-01-01T00:00:00Z", request.headers["x-acs-date"])
check("a decoded integer", math.mininteger, core.decode "-9223372036854775808")
check("a decoded float", 1.7976931348623157e308, core.decode "17976931348623157e292")
check("a decoded short float", 0.3, core.decode "0.3")
print(passed .. " checks passed")
