-- A script of 100,000 tables: dataworks.task and client:request, and their parts.

local dataworks = require "dataworks"
local floor = require "floor"
local loopback = require "bench.loopback"
local measure = require "bench.measure"
local shell = require "spec.support.shell"

local function tables()
  measure.place_measured()
  local output = shell.output(shell.interpreter .. " bench/programs/tables.lua")
  local bytes, peak, rest = output:match "^(%d+)%s+(%d+)\n(.*)$"
  local rates, digests = {}, {}
  for seconds in rest:gmatch "%S+" do rates[#rates + 1] = bytes / seconds / 1e6 end
  local text = ("x"):rep(bytes)
  for i = 1, #rates do digests[i] = bytes / floor.sha256(text, 1) / 1e6 end
  local figures = {
    measure.figure("throughput of the JSON", "MB/s", rates, 150, true),
    measure.figure("peak memory over the JSON", "times", peak * 1024 / bytes, 3),
  }
  figures[1].floor = measure.spread(digests)
  return figures
end

local function parts()
  local names = {}
  for i = 1, 100000 do names[i] = ("orders_%06d"):format(i) end
  local function task()
    return dataworks.task {
      from = { mysql = "mysql_pub1", tables = { mysql_db = names } }, to = { odps = "odps_source" },
      resource_group = "S_res_group_280749521950784_1623033752022",
    }
  end
  local client, script = loopback.client(1), task()
  local params = { ProjectId = 10000, TaskType = "DI_REALTIME", TaskParam = script }
  local function request() return client:request("GenerateDISyncTaskConfigForCreating", params) end
  local body = assert(request()).body
  local sides = {
    { "making the tables, in C", function(count) return floor.tables(names, count) end },
    { "dataworks.task", measure.repeated(task) },
    { "reading the tables, in C", function(count) return floor.read(script, count) end },
    { "SHA-256 of the body", function(count) return floor.sha256(body, count) end },
    { "dataworks.encode", measure.repeated(function() dataworks.encode(script) end) },
    { "client:request", measure.repeated(request) },
  }
  for _, side in ipairs(sides) do
    local run = side[2]
    -- so that no side pays for the garbage of another one
    side[2] = function(count)
      collectgarbage()
      return run(count)
    end
  end
  local figures = measure.parts(1, sides)
  client:close()
  return figures
end

return {
  { name = "parts-tables", ours = "the parts of the row tables, CPU time", measure = parts },
  {
    name = "tables", ours = "dataworks.task and client:request, with 100,000 tables", measure = tables,
    floor = "SHA-256 of as many bytes",
  },
}
