-- What both programs of this folder do: they make the emulator answer with errors, and kill and stop processes.

local cjson = require "cjson"
local uv = require "luv"

local M = { killed = 0, stopped = 0, faults = 0 }

M.FAULTS = {
  { fault = "throttle" }, { fault = "internal_error" }, { fault = "internal_error", acts = true }, { fault = "unavailable" },
  { fault = "reset" }, { fault = "reset", acts = true }, { fault = "truncate" }, { fault = "html" }, { fault = "garbage" },
}

local SERVICE_FAULTS = 0.2 -- share of the requests

local endpoint = os.getenv "ALIBABA_CLOUD_ENDPOINT"
local timers, is_stopped = {}, {}

--- Creates a folder for the files of the run.
function M.new_folder()
  return assert(uv.fs_mkdtemp((os.getenv "TMPDIR" or "/tmp") .. "/chaos-XXXXXX"))
end

function M.every(milliseconds, fn)
  local timer = uv.new_timer()
  timer:start(milliseconds, milliseconds, fn)
  timers[#timers + 1] = timer
end

function M.stop_timers()
  for _, timer in ipairs(timers) do timer:close() end
end

--- Calls the control interface of the emulator, and then done().
function M.control(path, body, done)
  local input, output = uv.new_pipe(), nil
  output = uv.spawn("curl", {
    args = { "-sS", "--noproxy", "*", "--max-time", "10", "-o", "/dev/null", "--data-binary", "@-", endpoint .. "/_emulator/" .. path },
    stdio = { input, nil, 2 },
  }, function()
    output:close()
    if done then done() end
  end)
  input:write(cjson.encode(body), function() input:close() end)
end

--- Makes the emulator answer the next request with a random fault, unless too many of the `requests` had one.
function M.inject(faults, requests, action)
  if M.faults >= SERVICE_FAULTS * requests then return end
  local fault = faults[math.random(#faults)]
  fault.action = action
  M.faults = M.faults + 1
  M.control("faults", fault)
end

--- Kills a process, or stops it for a random time. Leaves a stopped process alone.
function M.hurt(pid, shortest_stop_ms, longest_stop_ms)
  if is_stopped[pid] then return end
  if math.random(2) == 1 then
    M.killed = M.killed + 1
    uv.kill(pid, "sigkill")
    return
  end
  M.stopped, is_stopped[pid] = M.stopped + 1, true
  uv.kill(pid, "sigstop")
  local timer = uv.new_timer()
  timer:start(math.random(shortest_stop_ms, longest_stop_ms), 0, function()
    timer:close()
    is_stopped[pid] = nil
    uv.kill(pid, "sigcont")
  end)
end

--- Returns the names of the kinds of damage and their numbers as text.
function M.describe(damaged)
  local kinds = {}
  for name, number in pairs(damaged) do kinds[#kinds + 1] = name .. " " .. number end
  table.sort(kinds)
  return table.concat(kinds, ", ")
end

--- Prints what went wrong and ends the process. Keeps the folder if anything went wrong.
function M.exit(wrong, folder)
  for i = 1, math.min(#wrong, 20) do print(wrong[i]) end
  if #wrong == 0 then os.execute("rm -r '" .. folder .. "'") end
  os.exit(#wrong == 0 and 0 or 1)
end

return M
