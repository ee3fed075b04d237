-- The libcurl sessions that the tasks of one transport share. The pool also knows the transfers and sleeping tasks that
-- end when the transport is closed.

local M = {}

---@class dataworks.SessionPool
---@field open fun(): userdata creates a session
---@field idle userdata[] the sessions that no transfer uses
---@field transfers table<table, true> the transfers that are not completed
---@field sleepers table<dataworks.Task, true> the tasks that sleep in this transport
local Pool = {}
Pool.__index = Pool

-- The pool does not keep a loop alive that has dropped its tasks.
local WEAK = { __mode = "k" }

--- Creates a pool without sessions.
---@param open fun(): userdata creates a session
function M.new(open)
  return setmetatable({
    open = open, idle = {}, transfers = setmetatable({}, WEAK), sleepers = setmetatable({}, WEAK), closed = false,
  }, Pool)
end

function Pool:take()
  return table.remove(self.idle) or self.open()
end

--- Makes a session idle; closes it if the pool is closed.
function Pool:give_back(session)
  if self.closed then
    session:close()
  else
    self.idle[#self.idle + 1] = session
  end
end

function Pool:close(reason)
  self.closed = true
  for transfer in pairs(self.transfers) do
    transfer:stop("cancelled", reason)
  end
  for task in pairs(self.sleepers) do
    task:interrupt()
  end
  for i = #self.idle, 1, -1 do
    self.idle[i]:close()
    self.idle[i] = nil
  end
end

return M
