-- Converts UTC dates to and from seconds since 1970.

local M = {}

-- os.time reads a date in the machine's time zone, so the days are counted here.
local function days_since_1970(year, month, day)
  local y = month <= 2 and year - 1 or year
  local day_of_year = math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  return y * 365 + math.floor(y / 4) - math.floor(y / 100) + math.floor(y / 400) + day_of_year - 719468
end

--- "2026-11-24T09:24:00Z", as signatures and credentials have it.
---@param seconds number
---@return string
function M.format(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(seconds))
end

--- "2026-11-24 09:24:00", as DataWorks shows the times of a task.
---@param seconds number
---@return string
function M.format_plain(seconds)
  return os.date("!%Y-%m-%d %H:%M:%S", math.floor(seconds))
end

--- Seconds since 1970 of "2026-11-24T09:24:00Z", or nil when the text is not such a date.
---@param text string
---@return integer|nil
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
