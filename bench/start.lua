-- A process from its start to its first reply: it loads the library, signs and makes one call over loopback. Against
-- the same process with the official Node core.

local core = require "dataworks.core"
local ratio = require "bench.ratio"
local shell = require "spec.support.shell"
local web = require "spec.support.web"

local server = web.start()
local url = ("http://127.0.0.1:%d"):format(server.ready)

local function measured(command)
  local required, memory = {}, {}
  local function run(count)
    local start = core.clock()
    for _ = 1, count do
      local ms, kilobytes = shell.output(command .. " " .. url):match "^(%S+)%s+(%d+)$"
      required[#required + 1], memory[#memory + 1] = tonumber(ms), tonumber(kilobytes)
    end
    return core.clock() - start
  end
  return run, required, memory
end

local ours, required, memory = measured(shell.interpreter .. " bench/first_call.lua")
local theirs, their_required, their_memory = measured "NODE_PATH=build/interop/node_modules node bench/first_call.js"

local ok, message = pcall(ratio.print, "start: process to first reply, against npm", ours, theirs, 3)
server:stop()
if not ok then error(message, 0) end
ratio.compare("start: ms of require, against npm", required, their_required)
ratio.compare("start: largest kB in memory, against npm", memory, their_memory)
