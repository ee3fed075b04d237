-- The time of day as the service has it: the machine's, corrected by the Date of a reply.

local lazy = require "dataworks.util.lazy"
local dates = lazy "dataworks.util.dates"

local M = {}

-- A Date from before the API itself, or from the next century, is a mistake.
local EARLIEST, LATEST = 1589760000, 4102444800 -- 2020-05-18, 2100-01-01

-- The gateway takes dates that are some minutes off.
local AGREEMENT = 60
local AGREES = "The clock of this machine agrees with the Date of the reply; the request was held up on its way, or "
  .. "the Date is not the service's"

---@class dataworks.Skew
---@field now fun(): number seconds since 1970, corrected
---@field correct fun(date: string|nil): boolean goes by the Date of a reply from now on, if that can be understood
---@field advice fun(date: string|nil): string|nil for somebody whose dates are refused

---@param now fun(): number of the machine
---@return dataworks.Skew
function M.new(now)
  local ahead = 0
  local skew = {}

  --- Seconds that the service is ahead of the machine.
  local function measure(date)
    local theirs = dates.parse_http(date)
    if theirs and theirs >= EARLIEST and theirs < LATEST then
      return theirs - now()
    end
  end

  function skew.now()
    return now() + ahead
  end

  function skew.correct(date)
    local measured = measure(date)
    ahead = measured or ahead
    return measured ~= nil
  end

  function skew.advice(date)
    local measured = measure(date)
    return measured and (math.abs(measured) < AGREEMENT and AGREES or
      ("The clock of this machine is %.0f s %s that of the service; set it"):format(
        math.abs(measured), measured > 0 and "behind" or "ahead of"))
  end

  return skew
end

return M
