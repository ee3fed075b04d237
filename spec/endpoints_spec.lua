local endpoints = require "dataworks.endpoints"

describe("an endpoint", function()
  it("of a region has the region's host", function()
    for region, host in pairs {
      ["cn-shanghai"] = "dataworks.cn-shanghai.aliyuncs.com", ["eu-central-1"] = "dataworks.eu-central-1.aliyuncs.com",
      ["cn-shanghai-finance-1"] = "dataworks.cn-shanghai-finance-1.aliyuncs.com",
      ["cn-qingdao"] = "dataworks.aliyuncs.com", ["ap-south-1"] = "dataworks.aliyuncs.com",
    } do
      assert.equal("https://" .. host, endpoints.resolve(nil, region))
    end
  end)

  it("of a region nobody has heard of follows the pattern, not the product's id", function()
    assert.equal("https://dataworks.xx-new-9.aliyuncs.com", endpoints.resolve(nil, "xx-new-9"))
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

  it("with anything that could lead a signed request elsewhere is refused", function()
    for _, bad in ipairs {
      "https://example.com/path", "https://user@example.com", "https://user:pass@example.com", "ftp://example.com",
      "https://", "a b", "example.com?x", "example.com#x", "example.com:", "example.com:99999", "a\nb", "[::1", "-x",
    } do
      local url, err = endpoints.resolve(bad)
      assert.is_nil(url)
      assert.same({ "invalid", "endpoint", false }, { err.kind, err.path, err.sent })
    end
  end)

  it("of a region that is no name is refused", function()
    for _, bad in ipairs { "evil.com/", "cn_shanghai", "CN-SHANGHAI", "cn-", "shanghai", "cn-shanghai\n" } do
      local url, err = endpoints.resolve(nil, bad)
      assert.is_nil(url)
      assert.same({ "invalid", "region" }, { err.kind, err.path })
    end
  end)

  it("is asked for, with what to write, when there is neither", function()
    local url, err = endpoints.resolve()
    assert.is_nil(url)
    assert.matches("neither region nor endpoint", err.message)
    assert.matches("region = \"cn%-shanghai\"", err.advice)
    assert.matches("ALIBABA_CLOUD_REGION_ID", err.advice)
  end)
end)
