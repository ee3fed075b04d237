-- The time from the start of the process `dataworks call` to the end of its output, against curl, which sends the same
-- bytes.

local core = require "dataworks.core"
local dataworks = require "dataworks"
local quote = require("dataworks.emulator.shell").quote
local ratio = require "bench.ratio"
local variables = require("spec.support.command").variables

local emulator = require("spec.support.emulator").start()
local environment, client = { "env" }, dataworks.new {
  endpoint = emulator.endpoint, access_key_id = emulator.access_key_id, access_key_secret = emulator.access_key_secret,
}
for name, value in pairs(variables(emulator)) do
  environment[#environment + 1] = name .. "=" .. quote(value)
end
local request = assert(client:request("ListFiles", { ProjectId = 10000 }))
client:close()

environment[#environment + 1] = arg[-1]
local ours = table.concat(environment, " ") .. " bin/dataworks call ListFiles ProjectId=10000 >/dev/null"
local words = { "env curl -s -o /dev/null --noproxy '*' -X", request.method, "--data-raw", quote(request.body) }
for name, value in pairs(request.headers) do
  words[#words + 1] = "-H " .. quote(name .. ": " .. value)
end
local bare = table.concat(words, " ") .. " " .. quote(request.url)

local function timed(command)
  return function(count)
    local start = core.clock()
    for _ = 1, count do assert(os.execute(command)) end
    return core.clock() - start
  end
end

ratio.print("dataworks call: process to reply, against curl", timed(ours), timed(bare), 10)
emulator:stop()
