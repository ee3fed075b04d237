-- Converts UTC dates to and from seconds since 1970.

local M = {}

--- Returns the number of days from 1 January 1970 to a date. os.time can't be used, because it reads a date in the time
--- zone of the machine.
local function days_since_1970(year, month, day)
  local y = month <= 2 and year - 1 or year
  local day_of_year = math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  return y * 365 + math.floor(y / 4) - math.floor(y / 100) + math.floor(y / 400) + day_of_year - 719468
end

--- Formats a time as "2026-11-24T09:24:00Z", the form that signatures and credentials use.
---@param seconds number seconds since 1970
function M.format(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(seconds))
end

--- Formats a time as "2026-11-24 09:24:00", the form in which DataWorks shows the times of a task.
---@param seconds number seconds since 1970
function M.format_plain(seconds)
  return os.date("!%Y-%m-%d %H:%M:%S", math.floor(seconds))
end

--- Parses a date of the form "2026-11-24T09:24:00Z".
---@return integer|nil seconds since 1970; nil if the text is not such a date
function M.parse(text)
  local year, month, day, hour, minute, second =
    text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)T(%d%d):(%d%d):(%d%d)Z$")
  if not year then
    return nil
  end
  local seconds = days_since_1970(tonumber(year), tonumber(month), tonumber(day)) * 86400
    + hour * 3600 + minute * 60 + second
  return M.format(seconds) == text and seconds or nil
end

return M
