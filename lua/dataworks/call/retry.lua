-- Which failed calls may be repeated, and how long to wait before: pure functions.

local lazy = require "dataworks.util.lazy"
local dates = lazy "dataworks.util.dates"

local M = {}

local FIRST_DELAY, LONGEST_DELAY = 0.1, 20

-- Quotas are counted by the second: sooner than that, a throttled call meets the same answer.
local FIRST_THROTTLED_DELAY = 1

-- A reply that asks for a longer wait is taken to ask for a day: either way no call lasts so long.
local LONGEST_ASKED = 86400

-- Trying again changes nothing about these, nor about a quota of the day.
local FINAL = { ["Throttling.Day"] = true }
for name in ([[
  CURLE_UNSUPPORTED_PROTOCOL CURLE_URL_MALFORMAT CURLE_BAD_FUNCTION_ARGUMENT CURLE_FILESIZE_EXCEEDED CURLE_TOO_LARGE
  CURLE_BAD_CONTENT_ENCODING CURLE_FAILED_INIT CURLE_NOT_BUILT_IN CURLE_UNKNOWN_OPTION CURLE_OUT_OF_MEMORY
  CURLE_PEER_FAILED_VERIFICATION CURLE_SSL_CACERT_BADFILE CURLE_SSL_CERTPROBLEM CURLE_SSL_CIPHER CURLE_SSL_CRL_BADFILE
  CURLE_SSL_ISSUER_ERROR CURLE_SSL_ENGINE_NOTFOUND CURLE_SSL_ENGINE_SETFAILED CURLE_SSL_ENGINE_INITFAILED
  CURLE_SSL_CLIENTCERT CURLE_LOGIN_DENIED CURLE_AUTH_ERROR PROXY_AUTHENTICATION PROXY_REFUSED
]]):gmatch("%S+") do
  FINAL[name] = true
end

local PASSING_STATUS = { [408] = true, [500] = true, [502] = true, [503] = true, [504] = true }
-- Where credentials are fetched, a service may have answered too.
local ANSWERED = { service = true, task = true, protocol = true, credentials = true }
local UNANSWERED = { transport = true, timeout = true, protocol = true }

--- Turned away before anything was done: the gateway says so with 400, DataWorks with 429.
---@param err table
---@return boolean
function M.throttled(err)
  local code = ANSWERED[err.kind] and err.code or ""
  return ANSWERED[err.kind] and err.status == 429 or code:find("^Throttling") ~= nil
    or code:find("^Rejected%.Throttling") ~= nil
end

--- May the service have acted on the call that ended so?
---@param err table
---@return boolean
function M.may_have_acted(err)
  if err.sent == false then
    return false
  elseif err.sent == "unknown" or err.code == "SignatureNonceUsed" then
    -- An attempt before this one may have; a nonce that was used before says that the request did arrive before.
    return true
  elseif M.throttled(err) or err.kind == "task" then
    return false
  end
  return not (ANSWERED[err.kind] and err.status and err.status >= 400 and err.status < 500 and err.status ~= 408)
end

--- Is it a failure that passes?
local function passes(err)
  if FINAL[err.code or ""] then
    return false
  elseif M.throttled(err) or PASSING_STATUS[err.status or 0] then
    return true
  elseif err.kind == "service" then
    -- A refusal that says when to come again is a throttle by another name.
    return err.code == "SignatureNonceUsed" or err.retry_after ~= nil and not M.to_put_right(err)
  end
  -- Without a status there was no whole reply; garbage under HTTP 200 is a reply that was spoilt on its way.
  return UNANSWERED[err.kind] == true and (err.status == nil or err.status == 200)
end

--- May this call be made again as it is?
---@param err table
---@param repeatable "always"|"token"|"unsent" of the action's row
---@param has_token boolean|nil the call carries a ClientToken
---@return boolean
function M.allowed(err, repeatable, has_token)
  if not passes(err) then
    return false
  elseif repeatable == "always" or repeatable == "token" and has_token then
    return true
  end
  return not M.may_have_acted(err)
end

--- What of ours the gateway refused before anything was done, if putting that right makes the call worth repeating
--- at once: its date, or its keys.
---@param err table
---@return "clock"|"credentials"|nil
function M.to_put_right(err)
  local code = err.kind == "service" and err.status < 500 and err.code or ""
  if code:find("^InvalidTimeStamp") then
    return "clock"
  elseif code:find("^InvalidSecurityToken") or code:find("^InvalidAccessKeyId") then
    return "credentials"
  end
end

--- How long to wait before the next attempt: full jitter under a bound that doubles, on top of what the service
--- asks for.
---@param failed integer attempts so far
---@param err table
---@param random fun(): number
---@return number seconds
function M.delay(failed, err, random)
  if err.retry_after then
    return err.retry_after + random() * FIRST_DELAY
  end
  local first = M.throttled(err) and FIRST_THROTTLED_DELAY or FIRST_DELAY
  return random() * math.min(LONGEST_DELAY, first * 2 ^ (failed - 1))
end

-- Zero and the past say no more than nothing does.
local function sensible(seconds)
  return seconds and seconds > 0 and math.min(seconds, LONGEST_ASKED) or nil
end

local function number(text)
  return tonumber((text or ""):match("^%s*(%d+)%s*$"))
end

local function milliseconds(value)
  return value and sensible(value / 1000)
end

--- Seconds, or a date. That is held against the clock that wrote it where the reply tells its time.
local function http_wait(headers, now)
  local text = headers["retry-after"]
  local date = dates.parse_http(text)
  if date then
    return sensible(date - (dates.parse_http(headers.date) or now()))
  end
  return sensible(number(text))
end

--- The longest time until a quota that is used up is there again: "Limit:1,Remain:0,TimeLeft:2000,Reset:1".
local function time_left(headers)
  local longest
  for name, value in pairs(headers) do
    if name:find("^x%-ratelimit%-") and (value:match("Remain:(%d+)") or "0") == "0" then
      longest = math.max(longest or 0, tonumber(value:match("TimeLeft:(%d+)")) or 0)
    end
  end
  return milliseconds(longest)
end

--- The seconds that a reply asks to wait.
---@param headers table<string, string>
---@param err table what is known of the failure: a quota says something of a throttled call only
---@param now fun(): number seconds since 1970, for a date in a reply without one of its own
---@return number|nil
function M.after(headers, err, now)
  return milliseconds(number(headers["x-acs-retry-after"])) or http_wait(headers, now)
    or M.throttled(err) and time_left(headers) or nil
end

return M
