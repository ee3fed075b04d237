-- Usage: bench/peers.lua RESULTS [TEXT]: runs the call of the documented script with each peer whose name contains the
-- text, beside the same call of the library. Prints the figures, and writes them to RESULTS.json. Skips a peer that
-- cannot be installed.

local core = require "dataworks.core"
local dataworks = require "dataworks"
local files = require "spec.support.files"
local loopback = require "bench.loopback"
local measure = require "bench.measure"
local report = require "bench.report"
local shell = require "spec.support.shell"

-- An odd number of rounds, and the calls of each.
local ROUNDS, CALLS = 5, 1000

local OURS = shell.interpreter .. " bench/peers/library.lua"

-- The program of each peer; bench/peers/install installs what it needs.
local PEERS = {
  { "python", "alibabacloud-tea-openapi for Python", "build/interop/venv/bin/python bench/peers/python_core.py" },
  { "node", "@alicloud/openapi-core for Node.js",
    "NODE_PATH=build/interop/node_modules node bench/peers/node_core.js" },
  { "go", "darabonba-openapi for Go", "build/interop/go-bench" },
  { "java", "tea-openapi for Java", "java -cp 'build/interop/java/*:build/interop/java' JavaCore" },
  { "luasocket", "by hand: luasocket on Lua 5.4", "lua5.4 bench/peers/luasocket_calls.lua" },
  { "lua-http", "by hand: lua-http on Lua 5.1", "lua5.1 bench/peers/lua_http.lua" },
  { "lua-curl", "by hand: lua-curl on Lua 5.1", "lua5.1 bench/peers/lua_curl.lua" },
}

--- Runs a program, which prints the CPU and the wall microseconds of a call, and its peak memory in kilobytes.
---@return number cpu, number wall, number peak, number whole the milliseconds of the whole process
local function run(program, endpoint, calls)
  local began = core.clock()
  local cpu, wall, peak = shell.output(("%s %s %d"):format(program, endpoint, calls)):match "(%S+)%s+(%S+)%s+(%d+)%s*$"
  return tonumber(cpu), tonumber(wall), tonumber(peak), (core.clock() - began) * 1e3
end

--- Runs both programs, one after the other, several times. Returns a figure of each number that `run` returns.
local function compare(program, endpoint, calls, whats)
  local lists = {}
  for round = 1, ROUNDS do
    local ours, theirs = { run(OURS, endpoint, calls) }, { run(program, endpoint, calls) }
    for index in ipairs(whats) do
      local list = lists[index] or { {}, {}, {} }
      lists[index] = list
      list[1][round], list[2][round], list[3][round] = ours[index], theirs[index], ours[index] / theirs[index]
    end
  end
  local figures = {}
  for index, what in ipairs(whats) do
    if what then
      figures[#figures + 1] = {
        what = what[1], unit = what[2], ours = measure.spread(lists[index][1]), floor = measure.spread(lists[index][2]),
        ratio = measure.spread(lists[index][3]),
      }
    end
  end
  return figures
end

local function figures_of(program, endpoint)
  local figures = compare(program, endpoint, CALLS, { { "cpu of a call", "us" }, { "wall of a call", "us" } })
  for _, figure in ipairs(compare(program, endpoint, 1, {
    false, false, { "peak memory, 1 call", "kB" }, { "process with 1 call", "ms" },
  })) do
    figures[#figures + 1] = figure
  end
  return figures
end

local results = report.begin "peer"
local server = loopback.start_server()
local ok, message = pcall(function()
  for _, peer in ipairs(PEERS) do
    local name, what, program = peer[1], peer[2], peer[3]
    if name:find(arg[2] or "", 1, true) then
      local output, status = shell.run("bench/peers/install " .. name)
      if status == 0 then
        report.add(results, { name = name, ours = "client:generate over an open connection", floor = what },
          figures_of(program, ("http://127.0.0.1:%d"):format(server.ready)))
      else
        print(("\n%s: skipped, because %s could not be installed:\n%s"):format(name, what, output:sub(-300)))
      end
    end
  end
end)
server:stop()
if not ok then error(message, 0) end
files.write(arg[1] .. ".json", assert(dataworks.encode(results)))
