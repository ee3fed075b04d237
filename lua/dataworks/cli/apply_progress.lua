-- Shows the progress of apply. On a terminal, a bar shows the number of finished tasks, the rate, the estimated end and
-- the failures; a new cause of failures is a line above it.

local core = require "dataworks.core"

local M = {}

-- Seconds between two changes of the bar.
local PAUSE = 0.1

--- Returns a duration in its two largest units.
local function duration(seconds)
  seconds = math.floor(seconds + 0.5)
  if seconds < 60 then
    return seconds .. " s"
  elseif seconds < 3600 then
    return ("%d min %d s"):format(math.floor(seconds / 60), seconds % 60)
  end
  return ("%d h %d min"):format(math.floor(seconds / 3600), math.floor(seconds % 3600 / 60))
end

--- Returns what the bar says: the rate, the estimated end and the failures.
local function describe(done, total, failed, elapsed)
  local parts, rate = {}, elapsed > 0 and done / elapsed or 0
  if rate > 0 then
    parts[1] = core.decimal(rate, 1) .. "/s"
  end
  if rate > 0 and done < total then
    parts[#parts + 1] = duration((total - done) / rate) .. " left"
  end
  if failed > 0 then
    parts[#parts + 1] = failed .. " failed"
  end
  return table.concat(parts, ", ")
end

--- Returns how many tasks a runner has to work on. Protection is only written into the ledger.
local function count_work(plan)
  local count = 0
  for _, change in ipairs(plan.changes) do
    local last = change.actions[#change.actions]
    count = count + (last and last ~= "protect" and last ~= "unprotect" and 1 or 0)
  end
  return count
end

--- Returns the function that gets the events of apply.
---@param progress dataworks.cli.Progress
---@return fun(event: table)
function M.new(progress)
  local total, elsewhere, started, shown_at, causes = 0, 0, progress.clock(), 0, {}
  local function show(event)
    local own = event.done + event.failed
    local done = math.min(own + elsewhere, total)
    progress:step("applying", done, total, describe(done, total, event.failed, progress.clock() - started))
  end
  return function(event)
    if event.type == "plan" then
      total = count_work(event.plan)
      return
    elseif event.type == "counts" then
      elsewhere = math.max(elsewhere, total - event.counts["0"] - event.counts["1"] - event.done - event.failed)
    elseif event.type == "failed" and not causes[event.cause] then
      causes[event.cause] = true
      progress:note(("%s failed: %s"):format(event.name, event.cause))
    end
    if total > 0 and (event.type ~= "step" or progress.clock() - shown_at > PAUSE) then
      shown_at = progress.clock()
      show(event)
    end
  end
end

return M
