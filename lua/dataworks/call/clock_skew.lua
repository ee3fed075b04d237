-- The time of day by the service's clock: the machine's clock, corrected by the Date of a reply.

local core = require "dataworks.core"

local M = {}

-- A Date before the first version of the API or after this century is wrong.
local EARLIEST, LATEST = 1589760000, 4102444800 -- 2020-05-18, 2100-01-01

-- Seconds. A smaller difference is not the cause of a refusal: the gateway accepts dates that are off by minutes.
local TOLERANCE = 60
local CLOCKS_AGREE = "The clock of this machine agrees with the Date of the reply; the request was delayed on its way, "
  .. "or the Date is not the service's"

---@class dataworks.ClockSkew
---@field machine_time fun(): number seconds since 1970
---@field ahead number seconds that the service's clock is ahead of the machine's
local ClockSkew = {}
ClockSkew.__index = ClockSkew

---@param machine_time fun(): number
---@return dataworks.ClockSkew
function M.new(machine_time)
  return setmetatable({ machine_time = machine_time, ahead = 0 }, ClockSkew)
end

--- Seconds that a Date is ahead of the machine; nil for a date that is unreadable or wrong.
local function measure(self, date)
  local service_time = core.parse_date(date)
  if service_time and service_time >= EARLIEST and service_time < LATEST then
    return service_time - self.machine_time()
  end
end

---@return number seconds since 1970, corrected
function ClockSkew:now()
  return self.machine_time() + self.ahead
end

--- Sets the correction by the Date of a reply.
---@param date string|nil
---@return boolean corrected false when the date is unreadable or wrong
function ClockSkew:correct(date)
  local measured = measure(self, date)
  self.ahead = measured or self.ahead
  return measured ~= nil
end

--- One line of help when the service refused the date of a request.
---@param date string|nil of the reply
---@return string|nil
function ClockSkew:advice(date)
  local measured = measure(self, date)
  if not measured then
    return nil
  elseif math.abs(measured) < TOLERANCE then
    return CLOCKS_AGREE
  end
  return ("The clock of this machine is %.0f s %s that of the service; set it"):format(
    math.abs(measured), measured > 0 and "behind" or "ahead of")
end

return M
