-- Computes the time of the service's clock: the time of the machine's clock plus a correction. The correction is
-- measured with the header Date of a reply.

local core = require "dataworks.core"

local M = {}

-- A Date outside of this range is ignored. The range begins with the first version of the API.
local EARLIEST, LATEST = 1589760000, 4102444800 -- 2020-05-18, 2100-01-01

-- Seconds. If the difference between the two clocks is smaller, it is not the cause of a refusal, because the service
-- accepts dates that are wrong by minutes.
local TOLERANCE = 60
local CLOCKS_AGREE = "The clock of this machine agrees with the Date of the reply; the request was delayed on its way, "
  .. "or the Date is not the service's."

---@class dataworks.ClockSkew
---@field machine_time fun(): number seconds since 1970
---@field ahead number seconds that the service's clock is ahead of the machine's
local ClockSkew = {}
ClockSkew.__index = ClockSkew

function M.new(machine_time)
  return setmetatable({ machine_time = machine_time, ahead = 0 }, ClockSkew)
end

--- Returns how many seconds a Date is ahead of the machine's clock; nil if the date is unreadable or out of range.
local function measure(self, date)
  local service_time = core.parse_date(date)
  if service_time and service_time >= EARLIEST and service_time < LATEST then
    return service_time - self.machine_time()
  end
end

--- Returns the time of the service's clock.
---@return number seconds since 1970
function ClockSkew:now()
  return self.machine_time() + self.ahead
end

--- Measures the correction with the Date of a reply.
---@return boolean corrected false if the date is unreadable or out of range
function ClockSkew:correct(date)
  local measured = measure(self, date)
  self.ahead = measured or self.ahead
  return measured ~= nil
end

--- Returns the advice for an error in which the service refuses the date of a request.
---@param date string|nil the Date of the reply
---@return string|nil advice nil if the date is unreadable or out of range
function ClockSkew:advice(date)
  local measured = measure(self, date)
  if not measured then
    return nil
  elseif math.abs(measured) < TOLERANCE then
    return CLOCKS_AGREE
  end
  return ("The clock of this machine is %.0f s %s that of the service; set it."):format(
    math.abs(measured), measured > 0 and "behind" or "ahead of")
end

return M
