-- Runs coroutines under a clock of its own, without waiting: after each sleep the coroutine that wakes first continues.

local M = {}

---@param start number|nil
function M.new(start)
  local world = { now = start or 1000, count = 0, sleeping = {} }

  function world.clock()
    return world.now
  end

  function world.sleep(seconds)
    coroutine.yield(seconds)
  end

  local function continue(task, ...)
    local ok, seconds = coroutine.resume(task, ...)
    if not ok then error(debug.traceback(task, seconds), 0) end
    if coroutine.status(task) ~= "dead" then
      world.count = world.count + 1
      world.sleeping[#world.sleeping + 1] = { at = world.now + seconds, number = world.count, task = task }
    end
  end

  --- Starts a coroutine now, or after some seconds.
  function world.spawn(fn, after)
    world.count = world.count + 1
    world.sleeping[#world.sleeping + 1] = {
      at = world.now + (after or 0), number = world.count, task = coroutine.create(fn),
    }
  end

  --- Runs until all coroutines end, or until a time.
  function world.run(till)
    while #world.sleeping > 0 do
      table.sort(world.sleeping, function(a, b) return a.at > b.at or a.at == b.at and a.number > b.number end)
      local first = world.sleeping[#world.sleeping]
      if till and first.at > till then break end
      world.sleeping[#world.sleeping] = nil
      world.now = math.max(world.now, first.at)
      continue(first.task)
    end
    world.now = math.max(world.now, till or world.now)
  end

  return world
end

return M
