-- Many calls at once over loopback, from the parameters to the results: CPU time, against libcurl's multi interface
-- sending the same bytes.

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
local lines = {}
for name, value in pairs(request.headers) do
  lines[#lines + 1] = name .. ": " .. value
end

local function calls(at_once)
  return function(count)
    local items = {}
    for i = 1, count do
      items[i] = i
    end
    local start = os.clock()
    local results = dataworks.map(items, function()
      return assert(client:generate(params))
    end, { concurrency = at_once })
    local took = os.clock() - start
    for _, result in ipairs(results) do
      assert(result.value, result.err)
    end
    return took
  end
end

local function bare(at_once)
  return function(count)
    return (select(2, floor.multi(request.url, lines, request.body, count, at_once)))
  end
end

local ok, message = pcall(function()
  for _, at_once in ipairs { 32, 256 } do
    ratio.print(("call: %d at once, CPU"):format(at_once), calls(at_once), bare(at_once), 2000, 1.5)
  end
end)
client:close()
server:stop()
if not ok then error(message, 0) end
