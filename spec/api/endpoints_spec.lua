local endpoints = require "dataworks.api.endpoints"
local files = require "spec.support.files"

describe("an endpoint", function()
  it("of a region is the host of that region", function()
    for region, host in pairs {
      ["cn-shanghai"] = "dataworks.cn-shanghai.aliyuncs.com", ["eu-central-1"] = "dataworks.eu-central-1.aliyuncs.com",
      ["cn-shanghai-finance-1"] = "dataworks.cn-shanghai-finance-1.aliyuncs.com",
      ["cn-qingdao"] = "dataworks.aliyuncs.com", ["ap-south-1"] = "dataworks.aliyuncs.com",
    } do
      assert.equal("https://" .. host, endpoints.resolve(nil, region))
    end
  end)

  it("of an unknown region follows the pattern of the others", function()
    assert.equal("https://dataworks.xx-new-9.aliyuncs.com", endpoints.resolve(nil, "xx-new-9"))
    assert.equal("https://dataworks-vpc.xx-new-9.aliyuncs.com", endpoints.resolve(nil, "xx-new-9", "vpc"))
  end)

  it("is the region's VPC host with network = \"vpc\"", function()
    for _, region in ipairs {
      "cn-beijing", "cn-chengdu", "cn-hangzhou", "cn-hongkong", "cn-shanghai", "cn-shenzhen", "cn-wulanchabu",
      "cn-zhangjiakou", "cn-shanghai-finance-1", "cn-shenzhen-finance-1", "ap-northeast-1", "ap-northeast-2",
      "ap-southeast-1", "ap-southeast-3", "ap-southeast-5", "ap-southeast-7", "eu-central-1", "eu-west-1", "me-east-1",
      "me-central-1", "us-east-1", "us-west-1",
    } do
      assert.equal(("https://dataworks.%s.aliyuncs.com"):format(region), endpoints.resolve(nil, region, "public"))
      assert.equal(("https://dataworks-vpc.%s.aliyuncs.com"):format(region), endpoints.resolve(nil, region, "vpc"))
    end
    assert.equal("https://dataworks-vpc.cn-beijing.aliyuncs.com", endpoints.resolve(nil, "cn-beijing", "VPC"))
  end)

  it("is refused in a VPC of a region without a VPC host", function()
    for region, host in pairs {
      ["cn-beijing-finance-1"] = "dataworks.cn-beijing-finance-1.aliyuncs.com",
      ["cn-north-2-gov-1"] = "dataworks.cn-north-2-gov-1.aliyuncs.com",
      ["cn-hangzhou-finance"] = "dataworks.aliyuncs.com", ["cn-huhehaote"] = "dataworks.aliyuncs.com",
      ["cn-beijing-gov-1"] = "dataworks.aliyuncs.com", ["cn-hangzhou-internal-test-3"] = "dataworks.aliyuncs.com",
    } do
      assert.equal("https://" .. host, endpoints.resolve(nil, region))
      local url, err = endpoints.resolve(nil, region, "vpc")
      assert.is_nil(url)
      assert.same({ "invalid", "network", false }, { err.kind, err.path, err.sent })
      assert.matches(region .. " has no VPC host", err.message, 1, true)
      assert.matches("endpoint", err.advice)
    end
  end)

  it("is refused in an unknown kind of network", function()
    local url, err = endpoints.resolve(nil, "cn-shanghai", "intranet")
    assert.is_nil(url)
    assert.same({ "invalid", "network" }, { err.kind, err.path })
    assert.matches("intranet", err.message)
    assert.matches("ALIBABA_CLOUD_ENDPOINT_TYPE", err.advice)
  end)

  it("is listed in the reference for each region with its own host", function()
    local page = files.read "docs/network.md"
    for _, regions in ipairs { endpoints.REGIONS.vpc, endpoints.REGIONS.public } do
      for region in pairs(regions) do
        assert.is_truthy(page:find("`" .. region .. "`", 1, true), region)
      end
    end
  end)

  it("belongs to the same service at its public and its VPC host, and to an unknown service at any other address", function()
    assert.equal("dataworks.cn-shanghai.aliyuncs.com", endpoints.service "https://dataworks.cn-shanghai.aliyuncs.com")
    assert.equal("dataworks.cn-shanghai.aliyuncs.com", endpoints.service "https://DataWorks-vpc.cn-shanghai.aliyuncs.com:443")
    assert.equal("dataworks.aliyuncs.com", endpoints.service "https://dataworks.aliyuncs.com")
    for _, url in ipairs { "http://127.0.0.1:8080", "https://[::1]:443", "https://dataworks.example.com", "https://mydataworks.aliyuncs.com" } do
      assert.is_nil(endpoints.service(url))
    end
  end)

  it("takes precedence over region and network", function()
    assert.equal("https://example.com", endpoints.resolve("example.com", "cn-qingdao", "vpc"))
  end)

  it("can be a host, host and port, or a URL", function()
    for given, url in pairs {
      ["example.com"] = "https://example.com", ["example.com:8443"] = "https://example.com:8443",
      ["http://127.0.0.1:8080"] = "http://127.0.0.1:8080", ["HTTPS://Example.com/"] = "https://Example.com",
      ["https://[::1]:8443"] = "https://[::1]:8443",
    } do
      assert.equal(url, endpoints.resolve(given, "cn-shanghai"))
    end
  end)

  it("is refused with a path, a user or anything else that could redirect a signed request", function()
    for _, bad in ipairs {
      "https://example.com/path", "https://user@example.com", "https://user:pass@example.com", "ftp://example.com",
      "https://", "a b", "example.com?x", "example.com#x", "example.com:", "example.com:99999", "a\nb", "[::1", "-x",
    } do
      local url, err = endpoints.resolve(bad)
      assert.is_nil(url)
      assert.same({ "invalid", "endpoint", false }, { err.kind, err.path, err.sent })
    end
  end)

  it("is refused for a malformed region", function()
    for _, bad in ipairs { "evil.com/", "cn_shanghai", "CN-SHANGHAI", "cn-", "shanghai", "cn-shanghai\n" } do
      local url, err = endpoints.resolve(nil, bad)
      assert.is_nil(url)
      assert.same({ "invalid", "region" }, { err.kind, err.path })
    end
  end)

  it("has advice when its host has no address: the nearest region", function()
    for url, advice in pairs {
      ["https://dataworks.cn-shangai.aliyuncs.com"] = "There is no known region cn-shangai; did you mean cn-shanghai?",
      ["https://dataworks-vpc.ap-southest-1.aliyuncs.com"] = "There is no known region ap-southest-1; did you mean ap-southeast-1?",
      ["https://dataworks.cn-shanghai.aliyuncs.com"] = "Check the region cn-shanghai, the network and the name server.",
      ["https://dataworks.xx-nowhere-99.aliyuncs.com"] = "Check the region xx-nowhere-99, the network and the name server.",
    } do
      assert.equal(advice, endpoints.unresolved_advice(url))
    end
    assert.is_nil(endpoints.unresolved_advice "https://example.com")
    assert.is_nil(endpoints.unresolved_advice "https://dataworks.aliyuncs.com")
  end)

  it("is an error with an example when neither endpoint nor region is set", function()
    local url, err = endpoints.resolve()
    assert.is_nil(url)
    assert.matches("neither region nor endpoint", err.message)
    assert.matches("region = \"cn%-shanghai\"", err.advice)
    assert.matches("ALIBABA_CLOUD_REGION_ID", err.advice)
  end)
end)
