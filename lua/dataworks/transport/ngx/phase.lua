-- Decides whether a call can wait for its reply. That depends on the current phase of nginx, and on the functions
-- between nginx and the call.

local core = require "dataworks.core"
local outcome = require "dataworks.transport.ngx.outcome"

local ngx = rawget(_G, "ngx")

local M = {}

local IN_TIMER = "make the call in a timer: ngx.timer.at(0, function() ... end)"

-- The phases of nginx in which a request can't be sent. Each has advice for a program that makes a call in this phase.
local CANNOT_WAIT = {
  init = "make the call in a timer that init_worker_by_lua_block starts: ngx.timer.at(0, function() ... end)",
  exit_worker = "make the call before: nginx runs a waiting timer early when its worker ends, with premature = true",
  init_worker = IN_TIMER, set = IN_TIMER, header_filter = IN_TIMER, body_filter = IN_TIMER, log = IN_TIMER,
  balancer = IN_TIMER, ssl_session_store = IN_TIMER,
}

-- C functions that call a Lua function, and through which a coroutine can't yield.
local OBSTACLES = {
  [table.sort] = "table.sort", [rawget(_G, "require")] = "require", [dofile] = "dofile",
  [string.gsub] = "string.gsub", -- linear: this is no call
  [error] = "the message handler of xpcall",
}

--- Returns the name of the C function that prevents the caller from yielding. In LuaJIT, pcall and
--- xpcall do not prevent that.
local function find_obstacle()
  local level = 3
  while true do
    local frame = debug.getinfo(level, "Snf")
    if not frame then
      return "a function of C"
    elseif frame.what == "C" and frame.func ~= pcall and frame.func ~= xpcall then
      return OBSTACLES[frame.func] or frame.name or "a function of C"
    end
    level = level + 1
  end
end

local function yield_failure()
  local obstacle = find_obstacle()
  return outcome.unsent_failure("invalid", nil, ("nginx can't wait for a reply inside %s"):format(obstacle),
    obstacle == "require" and "make the call in a function of the module, and call that after require"
      or "make the call before or after it")
end

local function current_phase()
  local ok, phase = pcall(ngx.get_phase)
  return ok and phase or "unknown"
end

--- Returns the failure for a call in a phase that can't wait.
---@return table failure names the phase
function M.wait_failure()
  local phase = current_phase()
  return outcome.unsent_failure("invalid", nil, "nginx can't wait for a reply in its phase " .. phase,
    CANNOT_WAIT[phase] or IN_TIMER)
end

--- Returns true if a call can wait here. A phase that this module does not know counts as one that can wait.
function M.can_wait()
  if not ngx.socket then
    return nil, outcome.unsent_failure("invalid", nil, "a thread of ngx.run_worker_thread has no sockets",
      "make the call in the request or timer that starts the thread, and pass its result")
  elseif CANNOT_WAIT[current_phase()] then
    return nil, M.wait_failure()
  elseif not core.is_yieldable() then
    return nil, yield_failure()
  end
  return true
end

return M
