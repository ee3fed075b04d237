-- Tells whether nginx can wait in the phase that runs.

local outcome = require "dataworks.transport.ngx.outcome"

local ngx = rawget(_G, "ngx")

local M = {}

-- The phases without cosockets.
local CANNOT_WAIT = {
  init = true, init_worker = true, set = true, header_filter = true, body_filter = true, log = true, balancer = true,
  ssl_session_store = true, exit_worker = true,
}

---@return table failure that names the phase
function M.cannot_wait()
  return outcome.not_sent("invalid", nil, "nginx can't wait for a reply in its phase " .. ngx.get_phase(),
    "make the call in a timer: ngx.timer.at(0, function() ... end)")
end

---@return true|nil
---@return table|nil failure
function M.can_wait()
  if CANNOT_WAIT[ngx.get_phase()] then
    return nil, M.cannot_wait()
  end
  return true
end

return M
