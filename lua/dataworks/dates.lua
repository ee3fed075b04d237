-- UTC dates to and from seconds; os.time would read them in the machine's time zone.

local M = {}

local function days(year, month, day)
  local y = month <= 2 and year - 1 or year
  local shifted = (month + 9) % 12
  local day_of_year = math.floor((153 * shifted + 2) / 5) + day - 1
  return y * 365 + math.floor(y / 4) - math.floor(y / 100) + math.floor(y / 400) + day_of_year - 719468
end

--- Seconds since 1970 of "2026-11-24T09:24:00Z", or nil when the text is no such date.
---@param text string
---@return integer|nil
function M.parse(text)
  local year, month, day, hour, minute, second =
    text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)T(%d%d):(%d%d):(%d%d)Z$")
  if not year then
    return nil
  end
  local seconds = days(tonumber(year), tonumber(month), tonumber(day)) * 86400
    + tonumber(hour) * 3600 + tonumber(minute) * 60 + tonumber(second)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", seconds) == text and seconds or nil
end

--- "2026-11-24 09:24:00", as the service writes dates.
---@param seconds number
---@return string
function M.format(seconds)
  return os.date("!%Y-%m-%d %H:%M:%S", math.floor(seconds))
end

return M
