-- Finds how many seconds a reply asks to wait.

local core = require "dataworks.core"
local error_codes = require "dataworks.protocol.error_codes"

local M = {}

-- Seconds, a day. No call lasts longer.
local MAX_WAIT = 86400

--- Ignores zero and past values.
local function bounded(seconds)
  return seconds and seconds > 0 and math.min(seconds, MAX_WAIT) or nil
end

local function whole_number(text)
  return tonumber((text or ""):match("^%s*(%d+)%s*$"))
end

local function milliseconds(value)
  return value and bounded(value / 1000)
end

--- Retry-After holds seconds, or a date by the clock of the sender, which is in the Date of the reply.
local function http_wait(headers, now)
  local text = headers["retry-after"]
  local date = core.parse_date(text)
  if date then
    return bounded(date - (core.parse_date(headers.date) or now()))
  end
  return bounded(whole_number(text))
end

--- The longest time until an exhausted quota is available again: "Limit:1,Remain:0,TimeLeft:2000,Reset:1".
local function quota_wait(headers)
  local longest
  for name, value in pairs(headers) do
    if name:find("^x%-ratelimit%-") and (value:match("Remain:(%d+)") or "0") == "0" then
      longest = math.max(longest or 0, tonumber(value:match("TimeLeft:(%d+)")) or 0)
    end
  end
  return milliseconds(longest)
end

---@param headers table<string, string>
---@param err table the failure so far: a quota matters only to a throttled call
---@param now fun(): number seconds since 1970, for a date in a reply that has no Date
---@return number|nil
function M.find(headers, err, now)
  return milliseconds(whole_number(headers["x-acs-retry-after"])) or http_wait(headers, now)
    or error_codes.is_throttled(err) and quota_wait(headers) or nil
end

return M
