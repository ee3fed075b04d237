-- dataworks.run and dataworks.spawn: a loop for the time of one function. Misuse is raised two calls up, where the
-- front door was called.

local inside_nginx = require "dataworks.util.inside_nginx"
local loops = require "dataworks.concurrency.loop"

local M = {}

local unpack_list = table.unpack or unpack

--- Drives a loop to its end. What interrupts it, as Ctrl-C does, ends the waits of all tasks, which then come to their
--- end.
---@return boolean ok
---@return any err
function M.drive(loop)
  local ok, err = pcall(loop.drive, loop)
  if not ok then
    err = loop:recover(err)
    local again, worse = pcall(loop.drive, loop)
    err = again and err or worse
  end
  loop:close()
  return ok, err
end

--- Misuse, raised at the line `level` calls up.
function M.check(what, fn, level)
  if type(fn) ~= "function" then
    error(("dataworks.%s: a function was expected, got %s"):format(what, type(fn)), level + 1)
  elseif inside_nginx() then
    error(("dataworks.%s: inside nginx calls yield to nginx already; use ngx.thread.spawn"):format(what), level + 1)
  end
end

---@param fn function
---@return any ... what fn returns
function M.run(fn, ...)
  M.check("run", fn, 3)
  if loops.active() then
    error("dataworks.run: a loop is running already; call the function, or give it to dataworks.spawn", 3)
  end
  local loop = loops.new()
  local main = loop:spawn(fn, ...)
  -- A function that has failed leaves nobody who would wait for the rest.
  main.on_end = function()
    if main.died then
      loop:cancel_all()
    end
  end
  local ok, err = M.drive(loop)
  if not ok then
    error(err, 0)
  end
  local has_died, dead = loop:unreported(main.died and main or nil)
  if has_died then
    error(dead, 0)
  end
  return unpack_list(main.results, 1, main.results.n)
end

---@param fn function
---@return dataworks.Task
function M.spawn(fn, ...)
  M.check("spawn", fn, 3)
  local loop = loops.active()
  if not loop then
    error("dataworks.spawn: no loop is running; call it inside dataworks.run(function() ... end)", 3)
  end
  return loop:spawn(fn, ...)
end

---@return dataworks.Loop
function M.loop()
  if inside_nginx() then
    error("dataworks.loop: inside nginx calls yield to nginx already; use ngx.thread.spawn", 3)
  end
  return loops.new()
end

return M
