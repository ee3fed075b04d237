-- Preparing a request, from the script as a table to the signed request, against the OpenSSL work on the same bytes.

require "dataworks.api.core_data"
local core = require "dataworks.core"
local floor = require "floor"
local ratio = require "bench.ratio"
local script = require "bench.script"

local SECRET = "a-secret-of-thirty-characters-"

local params = { ProjectId = 10000, TaskType = "DI_REALTIME", TaskParam = script }
local context = {
  signer = core.signer { access_key_id = "LTAI5tExampleExampleExam", access_key_secret = SECRET },
  endpoint = "https://dataworks.cn-shanghai.aliyuncs.com", date = core.time(), nonce = core.nonce(),
  user_agent = "bench",
}

local function timed(run)
  return function(count)
    local start = os.clock()
    for _ = 1, count do run() end
    return os.clock() - start
  end
end

local request = assert(core.generate(params, context))
local signed = assert(core.sign {
  method = request.method, headers = request.headers, body = request.body, access_key_secret = SECRET,
  access_key_id = "LTAI5tExampleExampleExam",
  query = { ProjectId = 10000, TaskType = "DI_REALTIME", TaskParam = core.encode(script) },
})
assert(signed.authorization == request.headers.authorization, "the floor must do the same work as this request")

ratio.header()
ratio.print("prepare: table to signed request", timed(function() core.generate(params, context) end), function(count)
  return floor.openssl(request.body, signed.canonical_request, signed.string_to_sign, SECRET, count)
end, 20000, 4)
