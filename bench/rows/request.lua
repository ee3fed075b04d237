-- client:request: the checks, the encoding and the signing of the documented script.

local core = require "dataworks.core"
local floor = require "floor"
local loopback = require "bench.loopback"
local measure = require "bench.measure"

local SECRET = "a-secret-of-thirty-characters-"

local function request()
  local client = loopback.client(1)
  local function prepare() return client:request("GenerateDISyncTaskConfigForCreating", loopback.PARAMS) end
  local signed = assert(prepare())
  local query = {}
  for name, value in signed.url:match "%?(.*)$":gmatch "([^&=]+)=([^&]*)" do
    query[name] = value:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
  end
  local stages = assert(core.sign {
    method = signed.method, headers = signed.headers, body = signed.body, query = query, access_key_secret = SECRET,
    access_key_id = "LTAI5tExampleExampleExam",
  })
  assert(stages.authorization == signed.headers.authorization, "the floor must do the work of this request")
  local figures = measure.pairs {
    ours = measure.repeated(prepare), count = 5000, goal = 4,
    floor = function(count)
      return floor.openssl(signed.body, stages.canonical_request, stages.string_to_sign, SECRET, count)
    end,
  }
  client:close()
  return figures
end

return {
  {
    name = "request", ours = "client:request of the documented script", measure = request,
    floor = "OpenSSL's work for the same signature, with contexts that are made once",
  },
}
