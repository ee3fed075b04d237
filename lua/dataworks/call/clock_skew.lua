-- The service's time of day: the machine's clock, corrected by the Date of a reply.

local lazy = require "dataworks.util.lazy"
local dates = lazy "dataworks.util.dates"

local M = {}

-- A Date from before the API existed, or from the next century, is wrong.
local EARLIEST, LATEST = 1589760000, 4102444800 -- 2020-05-18, 2100-01-01

-- Seconds. The gateway accepts dates that are off by minutes.
local TOLERANCE = 60
local CLOCKS_AGREE = "The clock of this machine agrees with the Date of the reply; the request was delayed on its way, "
  .. "or the Date is not the service's"

---@class dataworks.ClockSkew
---@field machine_time fun(): number seconds since 1970
---@field ahead number seconds that the service is ahead of the machine
local ClockSkew = {}
ClockSkew.__index = ClockSkew

---@param machine_time fun(): number
---@return dataworks.ClockSkew
function M.new(machine_time)
  return setmetatable({ machine_time = machine_time, ahead = 0 }, ClockSkew)
end

local function measure(self, date)
  local theirs = dates.parse_http(date)
  if theirs and theirs >= EARLIEST and theirs < LATEST then
    return theirs - self.machine_time()
  end
end

---@return number seconds since 1970, corrected
function ClockSkew:now()
  return self.machine_time() + self.ahead
end

--- Adopts the Date of a reply.
---@param date string|nil
---@return boolean false when the date cannot be read
function ClockSkew:correct(date)
  local measured = measure(self, date)
  self.ahead = measured or self.ahead
  return measured ~= nil
end

--- One line of help for a refused date.
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
