-- One call over a kept loopback connection, from the parameters to the result, against libcurl sending the same bytes.

local core = require "dataworks.core"
local dataworks = require "dataworks"
local floor = require "floor"
local ratio = require "bench.ratio"
local script = require "bench.script"
local web = require "spec.support.web"

local server = web.start()
local client = dataworks.new {
  endpoint = ("http://127.0.0.1:%d"):format(server.ready), access_key_id = "id", access_key_secret = "secret",
}
local params = { ProjectId = 10000, TaskType = "DI_REALTIME", TaskParam = script }
local request = assert(client:request("GenerateDISyncTaskConfigForCreating", params))

local function call(count)
  local start = core.clock()
  for _ = 1, count do assert(client:generate(params)) end
  return core.clock() - start
end

local function bare(count)
  local lines = {}
  for name, value in pairs(request.headers) do lines[#lines + 1] = name .. ": " .. value end
  return (floor.curl(request.url, lines, request.body, count))
end

local ok, message = pcall(ratio.print, "call: parameters to result, over loopback", call, bare, 2000, 1.2)
client:close()
server:stop()
if not ok then error(message, 0) end
