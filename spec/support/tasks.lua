-- Runs coroutines with a simulated clock. When a coroutine sleeps, the clock moves to the time at which the next
-- coroutine wakes, and this coroutine continues. Nothing waits in real time.

local M = {}

--- Creates a world with a clock and coroutines.
---@param start number|nil the time at the start
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

  --- Schedules a coroutine, which starts after some seconds; the default is 0.
  function world.spawn(fn, after)
    world.count = world.count + 1
    world.sleeping[#world.sleeping + 1] = {
      at = world.now + (after or 0), number = world.count, task = coroutine.create(fn),
    }
  end

  --- Runs until all coroutines have ended, or until the clock shows the time `till`.
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
