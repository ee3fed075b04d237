-- The scheduler of tasks. dataworks.concurrency.loop fills these functions in when it is loaded, so that the transport
-- requires nothing above it. Without a loop they return nil.

local M = {}

M.CANCELLED = "the task was cancelled"

local function none() return nil end

--- The running task, if it can wait here.
---@type fun(): dataworks.Task|nil
M.current_task = none

--- Is the running task cancelled, whether or not it can wait here?
---@type fun(): boolean|nil
M.is_cancelled = none

---@type fun(): dataworks.Latch|nil
M.latch = none

return M
