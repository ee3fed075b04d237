-- UTC dates to and from seconds; os.time would read them in the machine's time zone.

local M = {}

local function days(year, month, day)
  local y = month <= 2 and year - 1 or year
  local shifted = (month + 9) % 12
  local day_of_year = math.floor((153 * shifted + 2) / 5) + day - 1
  return y * 365 + math.floor(y / 4) - math.floor(y / 100) + math.floor(y / 400) + day_of_year - 719468
end

--- Seconds since 1970, or nil when there is no such moment.
local function moment(year, month, day, hour, minute, second)
  local seconds = days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second
  local text = ("%04d-%02d-%02d %02d:%02d:%02d"):format(year, month, day, hour, minute, second)
  return os.date("!%Y-%m-%d %H:%M:%S", seconds) == text and seconds or nil
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
  return moment(tonumber(year), tonumber(month), tonumber(day), tonumber(hour), tonumber(minute), tonumber(second))
end

local MONTHS = {}
for name in ("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"):gmatch("%a+") do
  MONTHS[#MONTHS + 1] = name
  MONTHS[name] = #MONTHS
end

local TIME = "(%d%d):(%d%d):(%d%d)"
local FIXED = "^%a%a%a, (%d%d) (%a%a%a) (%d%d%d%d) " .. TIME .. " GMT$"
local RFC_850 = "^%a+day, (%d%d)%-(%a%a%a)%-(%d%d) " .. TIME .. " GMT$"
local ASCTIME = "^%a%a%a (%a%a%a) ([ %d]%d) " .. TIME .. " (%d%d%d%d)$"

local function http_fields(text)
  local day, month, year, hour, minute, second = text:match(FIXED)
  if not day then
    day, month, year, hour, minute, second = text:match(RFC_850)
    -- Its years have two digits.
    year = day and (year < "70" and "20" or "19") .. year
  end
  if not day then
    month, day, hour, minute, second, year = text:match(ASCTIME)
  end
  return year, month, day, hour, minute, second
end

--- Seconds since 1970 of a date as HTTP writes it: "Tue, 24 Nov 2026 09:24:00 GMT", or in one of the two forms
--- that it wrote before. A leap second counts as the one before it.
---@param text string|nil
---@return integer|nil
function M.parse_http(text)
  local year, month, day, hour, minute, second = http_fields(text or "")
  if not MONTHS[month or ""] then
    return nil
  end
  second = second == "60" and "59" or second
  return moment(tonumber(year), MONTHS[month], tonumber(day), tonumber(hour), tonumber(minute), tonumber(second))
end

--- "2026-11-24 09:24:00", as the service writes dates.
---@param seconds number
---@return string
function M.format(seconds)
  return os.date("!%Y-%m-%d %H:%M:%S", math.floor(seconds))
end

return M
