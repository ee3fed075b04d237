-- A script of 100,000 tables: dataworks.task and client:request.

local floor = require "floor"
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

return {
  {
    name = "tables", ours = "dataworks.task and client:request, with 100,000 tables", measure = tables,
    floor = "SHA-256 of as many bytes",
  },
}
