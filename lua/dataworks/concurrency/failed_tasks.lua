-- Records the failed tasks of a loop whose errors no caller has received yet, and builds the error that reports them.

local M = {}

local MAX_LISTED = 10

---@class dataworks.FailedTasks
---@field numbers table<dataworks.Task, integer> the position of each failed task in the order of the failures
local FailedTasks = {}
FailedTasks.__index = FailedTasks

function M.new()
  return setmetatable({ numbers = {}, count = 0 }, FailedTasks)
end

function FailedTasks:add(task)
  self.count = self.count + 1
  self.numbers[task] = self.count
end

function FailedTasks:remove(task)
  self.numbers[task] = nil
end

function FailedTasks:clear()
  self.numbers = {}
end

--- Returns the tasks in the order of their failures. With `last`, tasks that failed after `last` are left out.
local function list_tasks(self, last)
  local numbers, list = self.numbers, {}
  for task, number in pairs(numbers) do
    if not last or number <= numbers[last] then
      list[#list + 1] = task
    end
  end
  table.sort(list, function(a, b) return numbers[a] < numbers[b] end)
  return list
end

--- Returns an error. If the error is text, the first line of the error of each listed task is appended, except for
--- `first`.
local function append(err, list, first)
  local lines = {}
  for _, task in ipairs(list) do
    if task ~= first then
      lines[#lines + 1] = "  " .. tostring(task.err):match "^[^\n]*"
    end
  end
  local more = #lines
  if more == 0 or type(err) ~= "string" then
    return err
  elseif more > MAX_LISTED then
    lines[MAX_LISTED + 1] = "  ..."
  end
  return ("%s\n%d more failed:\n%s"):format(err, more, table.concat(lines, "\n", 1, math.min(more, MAX_LISTED + 1)))
end

--- Returns an error. If the error is text, appends a line for each failed task.
---@return any err the given error; if this error is text, a line for each failed task is appended
function FailedTasks:append_to(err)
  return append(err, list_tasks(self))
end

--- Returns the error of the first failed task. If this error is text, a line for each of the other failed tasks is
--- appended.
---@param main? dataworks.Task the main task, if it has failed. Its error is returned as the first one. Tasks that
--- failed after the main task are left out, because its failure cancelled them.
---@return boolean has_failed whether a task has failed
function FailedTasks:report(main)
  local list = list_tasks(self, main)
  local first = main or list[1]
  if not first then
    return false
  end
  return true, append(first.err, list, first)
end

return M
