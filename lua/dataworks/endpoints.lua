-- Where the service is: data, and the few rules around it.
-- Source: the endpoint page of DataWorks 2020-05-18; a region that is not listed has a host of its own.

local M = {}

local CENTRAL = "dataworks.aliyuncs.com"

-- Regions that the central host serves.
local CENTRAL_REGIONS = {
  ["cn-qingdao"] = true, ["cn-huhehaote"] = true, ["cn-hangzhou-finance"] = true, ["ap-south-1"] = true,
  ["ap-southeast-2"] = true,
}

---@param region string
---@return string|nil host
function M.host(region)
  if not region:find("^[a-z0-9][a-z0-9-]*$") then return nil end
  return CENTRAL_REGIONS[region] and CENTRAL or ("dataworks.%s.aliyuncs.com"):format(region)
end

--- host, host:port or a URL without a path, as scheme://host[:port]
---@param endpoint string
---@return string|nil url
function M.url(endpoint)
  local scheme, rest = endpoint:match("^(%a+)://(.*)$")
  scheme, rest = (scheme or "https"):lower(), (rest or endpoint):gsub("/$", "")
  local host = rest:gsub(":%d+$", "")
  local named = host:find("^[%w][%w.-]*$") or host:find("^%[[%x:.]+%]$")
  if (scheme ~= "https" and scheme ~= "http") or not named then return nil end
  return scheme .. "://" .. rest
end

return M
