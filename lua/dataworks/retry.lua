-- Which failed calls may be repeated, and how long to wait before: pure functions.

local M = {}

local FIRST_DELAY, LONGEST_DELAY = 0.1, 20

-- These stay as they are, however often one tries.
local FINAL = {
  CURLE_UNSUPPORTED_PROTOCOL = true, CURLE_URL_MALFORMAT = true, CURLE_PEER_FAILED_VERIFICATION = true,
  CURLE_SSL_CACERT_BADFILE = true, CURLE_SSL_CERTPROBLEM = true, CURLE_SSL_ISSUER_ERROR = true,
}

local function throttled(err)
  return err.status == 429 or (err.code ~= nil and err.code:find("Throttling", 1, true) ~= nil)
end

-- Is it a failure that passes?
local function passing(err)
  if err.kind == "transport" or err.kind == "timeout" then return not FINAL[err.code] end
  return throttled(err) or (err.status or 0) >= 500
end

-- May the service have acted? Throttled calls were turned away at the door.
local function may_have_acted(err)
  return err.sent ~= false and not throttled(err)
end

--- May this call be made again as it is?
---@param err table
---@param repeatable "always"|"token"|"unsent" of the action
---@return boolean
function M.allowed(err, repeatable)
  if err.kind == "task" or err.kind == "invalid" or err.kind == "credentials" or err.kind == "cancelled" then return false end
  if not passing(err) then return false end
  return repeatable ~= "unsent" or not may_have_acted(err)
end

--- Full jitter: anything up to a bound that doubles, and never less than the service asks for.
---@param attempt integer that failed, from 1
---@param err table
---@param random fun(): number
---@return number seconds
function M.delay(attempt, err, random)
  local bound = math.min(LONGEST_DELAY, FIRST_DELAY * 2 ^ attempt)
  return math.max(random() * bound, err.retry_after or 0)
end

return M
