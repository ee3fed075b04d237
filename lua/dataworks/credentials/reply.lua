-- Reads credentials from the reply of a service or the output of a program. Failures contain nothing of it: it may be
-- secret.

local dates = require "dataworks.util.dates"
local failures = require "dataworks.util.credential_failure"
local response = require "dataworks.protocol.response"

local M = {}

---@class dataworks.CredentialNames
---@field id string
---@field secret string
---@field token string
---@field expiration string

--- The names of STS, the metadata service and CloudSSO.
M.PASCAL = { id = "AccessKeyId", secret = "AccessKeySecret", token = "SecurityToken", expiration = "Expiration" }

--- Seconds that the local time of a zone is ahead.
local function parse_offset(zone)
  if zone == "Z" or zone == "z" then
    return 0
  end
  local sign, hours, minutes = zone:match("^([+-])(%d%d):?(%d%d)$")
  return sign and (sign == "-" and -1 or 1) * (tonumber(hours) * 3600 + tonumber(minutes) * 60)
end

--- Seconds since 1970 of an ISO date, with or without a fraction of a second.
---@param text any
---@return number|nil
function M.expiration(text)
  local date, zone = tostring(text):match("^(%d+%-%d+%-%d+T%d+:%d+:%d+)%.?%d*([Zz+-][%d:]*)$")
  local ahead = zone and parse_offset(zone)
  local seconds = ahead and dates.parse(date .. "Z")
  return seconds and seconds - ahead
end

---@param text string
---@return table|nil object
---@return dataworks.CredentialFailure|nil
function M.object(text)
  local object = text:find("^%s*{") and response.decode(text)
  if type(object) ~= "table" then
    return nil, failures.new "the answer is not a JSON object"
  end
  return object
end

--- Temporary credentials. All four parts must be present.
---@param answer any decoded
---@param names dataworks.CredentialNames
---@return dataworks.Credentials|nil
---@return dataworks.CredentialFailure|nil
function M.credentials(answer, names)
  if type(answer) ~= "table" then
    return nil, failures.new "the answer has no credentials"
  end
  for _, part in ipairs { "id", "secret", "token", "expiration" } do
    local value = answer[names[part]]
    if type(value) ~= "string" or value == "" then
      return nil, failures.new(("the answer has no %s"):format(names[part]))
    end
  end
  local expiration = M.expiration(answer[names.expiration])
  if not expiration then
    return nil, failures.new(("the answer's %s is not a date"):format(names.expiration))
  end
  return {
    access_key_id = answer[names.id], access_key_secret = answer[names.secret],
    security_token = answer[names.token], expiration = expiration,
  }
end

return M
