-- The hosts of the service by region. The hosts of an unlisted region have the usual form, dataworks.<region>.

local tables = require "dataworks.util.tables"

local M = {}

--- The regions by their hosts:
---   vpc      a public host, dataworks.<region>.aliyuncs.com, and a VPC host, dataworks-vpc.<region>.aliyuncs.com
---   public   only a public host, dataworks.<region>.aliyuncs.com
---   central  only the public host dataworks.aliyuncs.com
--- The sources are the provider's SDKs and its page about endpoints (August 2026):
--- https://www.alibabacloud.com/help/en/dataworks/developer-reference/api-dataworks-public-2020-05-18-endpoint
---@type table<"vpc"|"public"|"central", table<string, true>>
M.REGIONS = {
  vpc = tables.set_of [[
    cn-beijing cn-chengdu cn-hangzhou cn-hongkong cn-shanghai cn-shenzhen cn-wulanchabu cn-zhangjiakou
    cn-shanghai-finance-1 cn-shenzhen-finance-1
    ap-northeast-1 ap-northeast-2 ap-southeast-1 ap-southeast-3 ap-southeast-5 ap-southeast-7
    eu-central-1 eu-west-1 me-central-1 me-east-1 us-east-1 us-west-1
  ]],
  public = tables.set_of "cn-beijing-finance-1 cn-north-2-gov-1",
  central = tables.set_of [[
    cn-qingdao cn-huhehaote cn-hangzhou-finance ap-south-1 ap-southeast-2
    ap-northeast-2-pop cn-beijing-finance-pop cn-beijing-gov-1 cn-beijing-nu16-b01 cn-edge-1 cn-fujian
    cn-haidian-cm12-c01 cn-hangzhou-bj-b01 cn-hangzhou-internal-prod-1 cn-hangzhou-internal-test-1
    cn-hangzhou-internal-test-2 cn-hangzhou-internal-test-3 cn-hangzhou-test-306 cn-hongkong-finance-pop
    cn-huhehaote-nebula-1 cn-qingdao-nebula cn-shanghai-et15-b01 cn-shanghai-et2-b01 cn-shanghai-inner
    cn-shanghai-internal-test-1 cn-shenzhen-inner cn-shenzhen-st4-d01 cn-shenzhen-su18-b01 cn-wuhan cn-yushanfang
    cn-zhangbei cn-zhangbei-na61-b01 cn-zhangjiakou-na62-a01 cn-zhengzhou-nebula-1 eu-west-1-oxs rus-west-1-pop
  ]],
}

local CENTRAL = "dataworks.aliyuncs.com"

local ADVICE = 'write dataworks.new { region = "cn-shanghai" }, or set ALIBABA_CLOUD_REGION_ID'

local function invalid(path, message, advice)
  return nil, { kind = "invalid", sent = false, path = path, message = message, advice = advice }
end

--- Returns the host of a region.
---@param network? string "public" or "vpc"; default: "public"
---@return string|nil host
---@return table|nil err the fields of an error
function M.host(region, network)
  if not region:find("^%l[%l%d]*%-[%l%d-]*[%l%d]$") then
    return invalid("region", ("expected a name such as cn-shanghai, got %q"):format(region), ADVICE)
  end
  network = (network or "public"):lower()
  if network == "public" then
    return M.REGIONS.central[region] and CENTRAL or ("dataworks.%s.aliyuncs.com"):format(region)
  elseif network ~= "vpc" then
    return invalid("network", ("expected public or vpc, got %q"):format(network),
      "if ALIBABA_CLOUD_ENDPOINT_TYPE is set, it must be vpc or public")
  elseif M.REGIONS.public[region] or M.REGIONS.central[region] then
    return invalid("network", ("region %s has no VPC host"):format(region),
      "leave network out, or set endpoint to the address of the service inside your VPC")
  end
  return ("dataworks-vpc.%s.aliyuncs.com"):format(region)
end

--- Returns the URL of an endpoint, as scheme://host or scheme://host:port.
---@param endpoint string a host, a host:port, or a URL that has no path
---@return string|nil url nil if the endpoint has another form
function M.url(endpoint)
  local scheme, rest = endpoint:match("^(%a+)://(.*)$")
  scheme, rest = (scheme or "https"):lower(), (rest or endpoint):gsub("/$", "")
  local host, port = rest:match("^(.-):(%d+)$")
  host = host or rest
  local is_host = host:find("^%w[%w.-]*$") or host:find("^%[[%x:.]+%]$")
  if not is_host or scheme ~= "https" and scheme ~= "http" or port and tonumber(port) > 65535 then
    return nil
  end
  return scheme .. "://" .. rest
end

--- Returns the public host of the service that a URL leads to. A public host and the VPC host of the same region lead
--- to one service.
---@return string|nil host nil if the host of the URL is not one of the provider's hosts
function M.service(url)
  local host = url:match("^%a+://([^:/]+)"):lower()
  return host:find("^dataworks[%w.-]*%.aliyuncs%.com$") and (host:gsub("^dataworks%-vpc%.", "dataworks.")) or nil
end

--- Returns advice for a host that has no address; nil if the host is not that of a region.
---@param url string
function M.unresolved_advice(url)
  local region = url:match("^%a+://dataworks[%w-]*%.([%w-]+)%.aliyuncs%.com")
  local loaded, nearest = pcall(require, "dataworks.util.nearest") -- fails if no descriptor is free
  if not region or not loaded then
    return nil
  end
  local known = tables.merge(M.REGIONS.vpc, M.REGIONS.public, M.REGIONS.central)
  local hint = known[region] and "" or nearest.hint(region, known)
  return hint ~= "" and ("There is no known region %s%s"):format(region, hint)
    or ("Check the region %s, the network and the name server."):format(region)
end

--- Returns the URL of the endpoint, if there is one, or else of the region.
---@param network string|nil "public" or "vpc"; default: "public"
---@return string|nil url
---@return table|nil err the fields of an error
function M.resolve(endpoint, region, network)
  if endpoint then
    local url = M.url(endpoint)
    if not url then
      return invalid("endpoint", ("expected a host, a host:port, or a URL that has no path, got %q"):format(endpoint),
        "an endpoint looks like dataworks.cn-shanghai.aliyuncs.com")
    end
    return url
  elseif not region then
    return invalid("region", "neither region nor endpoint is set", ADVICE)
  end
  local host, err = M.host(region, network)
  return host and "https://" .. host, err
end

return M
