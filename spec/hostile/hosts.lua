-- The hosts that play rows: a program without the loop, a program with the loop, and nginx.

local cjson = require "cjson"
local dataworks = require "dataworks"
local player = require "spec.hostile.player"
local shell = require "spec.support.shell"

local M = {}

--- Plays rows one after the other.
function M.blocking(rows, server)
  local outcomes = {}
  for i, row in ipairs(rows) do
    outcomes[i] = player.play(row, "blocking", server.ports[i], server.ca_file)
  end
  return outcomes
end

--- Plays many rows at the same time, in one loop.
function M.loop(rows, server)
  local outcomes = {}
  dataworks.run(function()
    player.start_all(dataworks.spawn, rows, "loop", server.ports, server.ca_file, outcomes)
  end)
  return outcomes
end

local IN_NGINX = [[
  local cjson = require "cjson"
  local player = require "spec.hostile.player"
  local rows = require("spec.hostile.rows").load("%s", %s)
  local outcomes, threads = {}, {}
  local function spawn(fn) threads[#threads + 1] = ngx.thread.spawn(fn) end
  player.start_all(spawn, rows, "nginx", { %s }, false, outcomes)
  for _, thread in ipairs(threads) do ngx.thread.wait(thread) end
  return cjson.encode(outcomes)]]

--- Plays many rows at the same time, in one worker of nginx.
---@param host table see spec/support/host.lua
---@param areas string see the function load of rows.lua
---@param only_fast boolean
function M.nginx(server, host, areas, only_fast)
  return cjson.decode(host:run(IN_NGINX:format(areas, tostring(only_fast), table.concat(server.ports, ",")), "named"))
end

--- Returns the number of open descriptors of a process. Does not count pipes, because one of them leads to the program that
--- counts.
---@param pid? string default: this process
function M.count_descriptors(pid)
  return tonumber(shell.output(("ls -l /proc/%s/fd 2>/dev/null | grep -vc pipe:"):format(pid or "$PPID")))
end

--- Waits until a process has no more open descriptors than before, because a look-up of a name that libcurl or nginx have
--- given up goes on for some time. Returns nil, or what is wrong.
---@param pid? string default: this process
function M.left_open(before, pid)
  local after
  for _ = 1, 30 do
    after = M.count_descriptors(pid)
    if after <= before then return nil end
    shell.run "sleep 1"
  end
  return ("%d descriptors are open, %d were before"):format(after, before)
end

--- Returns the descriptions of the outcomes that are wrong, by the function rows.fault.
function M.faults(rows, host, outcomes)
  local faults = {}
  for i, row in ipairs(rows) do
    faults[#faults + 1] = require("spec.hostile.rows").fault(row, host, outcomes[i])
  end
  return faults
end

return M
