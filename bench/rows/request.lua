-- client:request: the checks, the encoding and the signing of the documented script.

local loopback = require "bench.loopback"
local measure = require "bench.measure"

local function request()
  local client = loopback.client(1)
  local function prepare() return client:request("GenerateDISyncTaskConfigForCreating", loopback.PARAMS) end
  local figures = measure.pairs {
    ours = measure.repeated(prepare), count = 5000, goal = 4,
    floor = loopback.openssl(assert(prepare())),
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
