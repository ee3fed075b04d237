-- Implements dataworks.run, dataworks.spawn and dataworks.loop.

local check_options = require "dataworks.util.check_options"
local inside_nginx = require "dataworks.util.inside_nginx"
local loops = require "dataworks.concurrency.loop"
local misuse = require "dataworks.util.misuse"
local recovery = require "dataworks.concurrency.recovery"
local tasks = require "dataworks.concurrency.task"

local M = {}

local unpack_list = table.unpack or unpack

local function check_outside_nginx(name)
  if inside_nginx() then
    misuse(("dataworks.%s: inside nginx calls yield to nginx already; use ngx.thread.spawn"):format(name))
  end
end

--- Raises if `fn` is not a function, or if the program runs inside nginx.
---@param name string the name of the function of dataworks
function M.check(name, fn)
  if type(fn) ~= "function" then
    misuse(("dataworks.%s: fn must be a function, as in function() ... end, got %s"):format(name,
      check_options.describe(fn)))
  end
  check_outside_nginx(name)
end

--- Calls fn with the other arguments, in a task of a new loop, and waits until all tasks of the loop have ended. Raises
--- the error of the first failed task that was not joined.
---@param fn function
---@return any ... the return values of fn
function M.run(fn, ...)
  M.check("run", fn)
  if tasks.running() then
    misuse "dataworks.run: a loop is running already; call the function, or give it to dataworks.spawn"
  end
  local loop = loops.new()
  local main = loop:spawn(fn, ...)
  function main.on_end()
    if main.state == "failed" then
      loop:cancel_all()
    end
  end
  local ok, err = recovery.drive(loop)
  if not ok then
    error(err, 0)
  end
  local has_failed, failure = loop.failed_tasks:report(main.state == "failed" and main or nil)
  if has_failed then
    error(failure, 0)
  end
  return unpack_list(main.results, 1, main.results.n)
end

--- Creates a task in the loop of the running task. The task calls fn with the other arguments.
---@param fn function
---@return dataworks.Task
function M.spawn(fn, ...)
  M.check("spawn", fn)
  local task = tasks.running()
  if not task then
    misuse "dataworks.spawn: no loop is running; call it inside dataworks.run(function() ... end)"
  end
  return task.loop:spawn(fn, ...)
end

--- Creates a loop for a program that has an event loop of its own.
---@return dataworks.Loop
function M.loop()
  check_outside_nginx "loop"
  return loops.new()
end

return M
