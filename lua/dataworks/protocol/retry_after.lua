-- Finds out how many seconds a reply asks the client to wait.

local core = require "dataworks.core"
local error_codes = require "dataworks.protocol.error_codes"

local M = {}

-- Seconds: one day. A longer wait is shortened to this value.
local MAX_WAIT = 86400

--- Returns a wait of at most MAX_WAIT seconds. Returns nil for zero and for negative values.
local function bounded(seconds)
  return seconds and seconds > 0 and math.min(seconds, MAX_WAIT) or nil
end

--- Returns the number that a text holds. Returns nil if the text contains anything but digits.
local function whole_number(text)
  return tonumber((text or ""):match("^%s*(%d+)%s*$"))
end

--- Converts milliseconds to seconds.
local function from_milliseconds(value)
  return value and bounded(value / 1000)
end

--- Returns the seconds of the header Retry-After. The header can hold a date instead of a number. The date is compared
--- with the header Date of the same reply, because both dates come from one clock.
local function http_wait(headers, now)
  local text = headers["retry-after"]
  local date = core.parse_date(text)
  if date then
    return bounded(date - (core.parse_date(headers.date) or now()))
  end
  return bounded(whole_number(text))
end

--- Returns the longest time until an exhausted quota is available again. The header of a quota looks like
--- "Limit:1,Remain:0,TimeLeft:2000,Reset:1".
local function quota_wait(headers)
  local longest
  for name, value in pairs(headers) do
    if name:find("^x%-ratelimit%-") and (value:match("Remain:(%d+)") or "0") == "0" then
      longest = math.max(longest or 0, tonumber(value:match("TimeLeft:(%d+)")) or 0)
    end
  end
  return from_milliseconds(longest)
end

--- Returns how many seconds a reply asks the client to wait; nil if the reply does not say.
---@param err table the fields of the error; the headers about quotas are read only if the error is a throttle
---@param now fun(): number returns seconds since 1970; used if the reply has no Date
function M.find(headers, err, now)
  return from_milliseconds(whole_number(headers["x-acs-retry-after"])) or http_wait(headers, now)
    or error_codes.is_throttled(err) and quota_wait(headers) or nil
end

return M
