-- Reads credentials from the reply of a service or from the output of a program. Failures do not quote the reply or the
-- output, because both may contain secrets.

local core = require "dataworks.core"
local failures = require "dataworks.util.credential_failure"

local M = {}

---@class dataworks.CredentialNames the names of the parts of the credentials in a reply
---@field id string
---@field secret string
---@field token string
---@field expiration string

--- The names of the parts in replies of STS, the metadata service and CloudSSO.
M.PASCAL = { id = "AccessKeyId", secret = "AccessKeySecret", token = "SecurityToken", expiration = "Expiration" }

--- Returns how many seconds the local time of a time zone is ahead of UTC.
local function parse_offset(zone)
  if zone == "Z" or zone == "z" then
    return 0
  end
  local sign, hours, minutes = zone:match("^([+-])(%d%d):?(%d%d)$")
  return sign and (sign == "-" and -1 or 1) * (tonumber(hours) * 3600 + tonumber(minutes) * 60)
end

--- Returns the seconds since 1970 of an ISO date, which may have a fraction of a second.
function M.parse_expiration(text)
  local date, rest = tostring(text):match("^(%d+%-%d+%-%d+T%d+:%d+:%d+)(.*)$")
  local zone = date and rest:match("^%.?%d*([Zz+-][%d:]*)$")
  local ahead = zone and parse_offset(zone)
  local seconds = ahead and core.parse_date(date .. "Z")
  return seconds and seconds - ahead
end

function M.parse_object(text)
  local object = core.decode_reply(text)
  -- A decoded list has a metatable, and an object has none.
  if type(object) ~= "table" or getmetatable(object) then
    return nil, failures.new "the answer is not a JSON object"
  end
  return object
end

local PARTS = { "id", "secret", "token", "expiration" }

--- Reads the credentials in a reply.
---@param answer any the decoded reply
---@param optional? table<string, boolean> the parts that may be missing or empty, by their names in
--- dataworks.Credentials
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
