-- Tells whether a call can wait for its reply: in this phase of nginx, and at this place of the program.

local core = require "dataworks.core"
local outcome = require "dataworks.transport.ngx.outcome"

local ngx = rawget(_G, "ngx")

local M = {}

local IN_TIMER = "make the call in a timer: ngx.timer.at(0, function() ... end)"

-- The phases without cosockets, and advice that can be followed there.
local CANNOT_WAIT = {
  init = "make the call in a timer that init_worker_by_lua_block starts: ngx.timer.at(0, function() ... end)",
  exit_worker = "make the call before: nginx runs a waiting timer early when its worker ends, with premature = true",
  init_worker = IN_TIMER, set = IN_TIMER, header_filter = IN_TIMER, body_filter = IN_TIMER, log = IN_TIMER,
  balancer = IN_TIMER, ssl_session_store = IN_TIMER,
}

-- Functions of C that call back, and through which no coroutine can yield.
local NAMES = {
  [table.sort] = "table.sort", [rawget(_G, "require")] = "require", [dofile] = "dofile",
  [string.gsub] = "string.gsub", -- linear: this is no call
  [error] = "the message handler of xpcall",
}

--- The function of C through which the caller can't yield. LuaJIT yields through pcall and xpcall.
local function find_obstacle()
  local level = 3
  while true do
    local frame = debug.getinfo(level, "Snf")
    if not frame then
      return "a function of C"
    elseif frame.what == "C" and frame.func ~= pcall and frame.func ~= xpcall then
      return NAMES[frame.func] or frame.name or "a function of C"
    end
    level = level + 1
  end
end

local function cannot_yield()
  local obstacle = find_obstacle()
  return outcome.not_sent("invalid", nil, ("nginx can't wait for a reply inside %s"):format(obstacle),
    obstacle == "require" and "make the call in a function of the module, and call that after require"
      or "make the call before or after it")
end

--- Phases that this library does not know are left to nginx.
local function current()
  local ok, phase = pcall(ngx.get_phase)
  return ok and phase or "unknown"
end

---@return table failure that names the phase
function M.cannot_wait()
  local phase = current()
  return outcome.not_sent("invalid", nil, "nginx can't wait for a reply in its phase " .. phase,
    CANNOT_WAIT[phase] or IN_TIMER)
end

---@return true|nil
---@return table|nil failure
function M.can_wait()
  if not ngx.socket then
    return nil, outcome.not_sent("invalid", nil, "a thread of ngx.run_worker_thread has no sockets",
      "make the call in the request or timer that starts the thread, and pass its result")
  elseif CANNOT_WAIT[current()] then
    return nil, M.cannot_wait()
  elseif not core.is_yieldable() then
    return nil, cannot_yield()
  end
  return true
end

return M
