-- Parses credentials in the reply of a service or in the output of a program. Failures do not quote this text, because
-- it may be secret.

local core = require "dataworks.core"
local failures = require "dataworks.util.credential_failure"
local response = require "dataworks.protocol.response"

local M = {}

---@class dataworks.CredentialNames the names of the parts of the credentials in a reply
---@field id string
---@field secret string
---@field token string
---@field expiration string

--- The names in replies of STS, the metadata service and CloudSSO.
M.PASCAL = { id = "AccessKeyId", secret = "AccessKeySecret", token = "SecurityToken", expiration = "Expiration" }

--- Returns the difference between a time zone, such as "+08:00", and UTC in seconds.
local function parse_offset(zone)
  if zone == "Z" or zone == "z" then
    return 0
  end
  local sign, hours, minutes = zone:match("^([+-])(%d%d):?(%d%d)$")
  return sign and (sign == "-" and -1 or 1) * (tonumber(hours) * 3600 + tonumber(minutes) * 60)
end

--- Converts an ISO date to seconds since 1970. The date may have a fraction of a second and a time zone.
---@param text any
---@return number|nil
function M.parse_expiration(text)
  local date, rest = tostring(text):match("^(%d+%-%d+%-%d+T%d+:%d+:%d+)(.*)$")
  local zone = date and rest:match("^%.?%d*([Zz+-][%d:]*)$")
  local ahead = zone and parse_offset(zone)
  local seconds = ahead and core.parse_date(date .. "Z")
  return seconds and seconds - ahead
end

--- Decodes a JSON object.
---@param text string
---@return table|nil object
---@return dataworks.CredentialFailure|nil
function M.parse_object(text)
  local object = text:find("^%s*{") and response.decode(text)
  if type(object) ~= "table" then
    return nil, failures.new "the answer is not a JSON object"
  end
  return object
end

local PARTS = { "id", "secret", "token", "expiration" }

--- Returns the credentials in a decoded reply.
---@param answer any
---@param names dataworks.CredentialNames
---@param optional? table<string, boolean> the parts that may be missing or empty: "token" or "expiration"
---@return dataworks.Credentials|nil
---@return dataworks.CredentialFailure|nil
function M.parse_credentials(answer, names, optional)
  if type(answer) ~= "table" then
    return nil, failures.new "the answer has no credentials"
  end
  local found = {}
  for _, part in ipairs(PARTS) do
    local value = answer[names[part]]
    if value ~= "" then
      found[part] = value
    end
    if type(found[part]) ~= "string" and not (found[part] == nil and optional and optional[part]) then
      return nil, failures.new(("the answer has no %s"):format(names[part]))
    end
  end
  local expiration = found.expiration and M.parse_expiration(found.expiration)
  if found.expiration and not expiration then
    return nil, failures.new(("the answer's %s is not a date"):format(names.expiration))
  end
  return {
    access_key_id = found.id, access_key_secret = found.secret, security_token = found.token, expiration = expiration,
  }
end

return M
