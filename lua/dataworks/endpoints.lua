-- Where the service is: data, and the rules around it. A region that is not listed has a host of its own.

local M = {}

local CENTRAL = "dataworks.aliyuncs.com"

--- Regions without a host of their own; the others have dataworks.<region>.aliyuncs.com.
local CENTRAL_REGIONS = {
  ["ap-south-1"] = true, ["ap-southeast-2"] = true, ["cn-hangzhou-finance"] = true, ["cn-huhehaote"] = true,
  ["cn-qingdao"] = true,
}

local ADVICE = 'write dataworks.new { region = "cn-shanghai" }, or set ALIBABA_CLOUD_REGION_ID'

---@param region string
---@return string|nil host nil when this can't be a region's name
function M.host(region)
  if not region:find("^%l[%l%d]*%-[%l%d-]*[%l%d]$") then
    return nil
  end
  return CENTRAL_REGIONS[region] and CENTRAL or ("dataworks.%s.aliyuncs.com"):format(region)
end

--- A host, host:port or URL without a path, as scheme://host[:port].
---@param endpoint string
---@return string|nil url
function M.url(endpoint)
  local scheme, rest = endpoint:match("^(%a+)://(.*)$")
  scheme, rest = (scheme or "https"):lower(), (rest or endpoint):gsub("/$", "")
  local host, port = rest:match("^(.-):(%d+)$")
  host = host or rest
  local named = host:find("^%w[%w.-]*$") or host:find("^%[[%x:.]+%]$")
  if not named or scheme ~= "https" and scheme ~= "http" or port and tonumber(port) > 65535 then
    return nil
  end
  return scheme .. "://" .. rest
end

--- The URL for an endpoint, which wins, or a region.
---@param endpoint string|nil
---@param region string|nil
---@return string|nil url
---@return table|nil err fields of an error
function M.resolve(endpoint, region)
  if endpoint then
    local url = M.url(endpoint)
    return url, not url and {
      kind = "invalid", sent = false, path = "endpoint",
      message = ("expected a host, host:port or URL without a path, got %q"):format(endpoint),
      advice = "an endpoint looks like dataworks.cn-shanghai.aliyuncs.com",
    } or nil
  elseif not region then
    return nil, {
      kind = "invalid", sent = false, path = "region", message = "neither region nor endpoint is set", advice = ADVICE,
    }
  end
  local host = M.host(region)
  return host and "https://" .. host, not host and {
    kind = "invalid", sent = false, path = "region",
    message = ("expected a name such as cn-shanghai, got %q"):format(region), advice = ADVICE,
  } or nil
end

return M
