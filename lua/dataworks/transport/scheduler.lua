-- Functions through which the transport asks about the running task. When dataworks.concurrency.loop is loaded, it
-- replaces these functions by its own, so that the transport does not have to require it. Before that, they return nil.

local M = {}

M.CANCELLED = "the task was cancelled"

local function none() return nil end

--- Returns the running task if it can wait here.
---@type fun(): dataworks.Task|nil
M.current_task = none

--- Returns whether the running task is cancelled, even if it can't wait here.
---@type fun(): boolean|nil
M.is_cancelled = none

--- Creates a latch that the running task opens; nil outside tasks.
---@type fun(): dataworks.Latch|nil
M.latch = none

return M
