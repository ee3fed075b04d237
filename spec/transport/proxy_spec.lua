local proxy = require "dataworks.transport.proxy"

local P = "http://proxy.test:3128"

local function environment(variables)
  return function(name) return variables[name] end
end

local function find(url, options, variables)
  return proxy.find(url, options or {}, environment(variables or {}))
end

describe("the proxy for a request", function()
  it("is none unless an option or variable names one", function()
    assert.equal("", find "https://example.com")
    assert.equal("", find("https://example.com", {}, { https_proxy = "", no_proxy = "" }))
  end)

  it("is the option, which overrides the environment", function()
    assert.equal(P, find("https://example.com", { proxy = P }, { https_proxy = "http://other.test:1" }))
    assert.equal("", find("https://example.com", { proxy = "" }, { https_proxy = P, all_proxy = P }))
  end)

  it("is the scheme's variable, lower case before upper, then the variable for all schemes", function()
    local order = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" }
    local variables = { http_proxy = "http://wrong.test" }
    for i = #order, 1, -1 do
      variables[order[i]] = ("http://%s.test:1"):format(order[i])
      assert.equal(("http://%s.test:1"):format(order[i]), find("https://example.com", {}, variables))
    end
    assert.equal(P, find("http://example.com", {}, { http_proxy = P, all_proxy = "http://wrong.test" }))
    assert.equal(P, find("http://example.com", {}, { ALL_PROXY = P, https_proxy = "http://wrong.test" }))
  end)

  it("is never HTTP_PROXY, which a request can set in a CGI program", function()
    assert.equal("", find("http://example.com", {}, { HTTP_PROXY = P }))
    assert.equal("", find("https://example.com", {}, { HTTP_PROXY = P }))
  end)

  it("gets a scheme and a port", function()
    for given, full in pairs {
      ["proxy.test"] = "http://proxy.test:1080", ["proxy.test:80"] = "http://proxy.test:80",
      ["HTTP://proxy.test/"] = "http://proxy.test:1080", ["https://proxy.test"] = "https://proxy.test:443",
      ["socks5://10.0.0.1"] = "socks5://10.0.0.1:1080", ["socks5h://proxy_1.test:9"] = "socks5h://proxy_1.test:9",
      ["http://[::1]:3128"] = "http://[::1]:3128", ["http://[::1]"] = "http://[::1]:1080",
      ["http://us%40er:p%3Aa:ss%25@proxy.test:1"] = "http://us%40er:p%3Aa:ss%25@proxy.test:1",
      ["DOMAIN\\user:pass@proxy.test:1"] = "http://DOMAIN\\user:pass@proxy.test:1",
      ["http://token@proxy.test:1"] = "http://token@proxy.test:1",
    } do
      assert.equal(full, find("https://example.com", { proxy = given }), given)
    end
  end)

  it("is an error that shows nothing of a malformed URL", function()
    for _, given in ipairs {
      "socks4://secret@proxy.test", "ftp://secret@proxy.test", "://secret", "http://", "http://secret:80:80",
      "http://user:secret@", "http://proxy.test:0", "http://proxy.test:65536", "http://proxy.test:secret",
      "http://proxy.test/secret", "http://proxy.test?secret", "http://user:secret@word@proxy.test",
      "http://user:secret/word@proxy.test", "http://user:secret word@proxy.test", "http://user:secret%@proxy.test",
      "http://user:secret%0a@proxy.test", "http://user:secret%00@proxy.test", "http://user:secret\n@proxy.test",
      "http://[secret]:1", "http://se cret:1",
    } do
      local url, err = find("https://example.com", {}, { HTTPS_PROXY = given })
      assert.is_nil(url, given)
      assert.same({ "invalid", false, "HTTPS_PROXY" }, { err.kind, err.sent, err.path })
      assert.matches("proxy", err.message)
      assert.matches("socks5h://", err.advice)
      assert.not_matches("secret", err.message .. err.advice)
      assert.equal("proxy", select(2, find("https://example.com", { proxy = given })).path)
    end
  end)

  it("may be malformed when no_proxy exempts the host", function()
    assert.equal("", find("https://example.com", { no_proxy = "example.com" }, { https_proxy = "nonsense://" }))
  end)

  it("is none for a loopback host", function()
    for _, host in ipairs {
      "localhost", "LOCALHOST:8443", "localhost.", "127.0.0.1", "127.9.9.9:1", "[::1]", "[::1]:8080",
      "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
    } do
      assert.equal("", find("http://" .. host, { proxy = P }), host)
    end
    for _, host in ipairs { "localhost.example.com", "127.0.0.1.example.com", "128.0.0.1", "[::2]", "local", "a.localhost" } do
      assert.equal(P, find("https://" .. host, { proxy = P }), host)
    end
  end)

  describe("is none when no_proxy", function()
    local function exempt(list, url)
      return find(url, { proxy = P, no_proxy = list }) == ""
    end

    local function check(list, yes, no)
      for _, url in ipairs(yes) do assert.is_true(exempt(list, url), list .. " " .. url) end
      for _, url in ipairs(no) do assert.is_false(exempt(list, url), list .. " " .. url) end
    end

    it("names the host or a parent domain, in whole labels", function()
      for _, list in ipairs { "aliyuncs.com", ".aliyuncs.com", "*.aliyuncs.com", "ALIYUNCS.com.", "x, aliyuncs.com,y" } do
        check(list, {
          "https://aliyuncs.com", "https://dataworks.cn-shanghai.aliyuncs.com", "https://A.AliyunCS.com:8443",
          "https://a.aliyuncs.com.", "https://a.aliyuncs.com/path?query",
        }, {
          "https://notaliyuncs.com", "https://aliyuncs.com.example.com", "https://aliyuncs.co", "https://com",
        })
      end
    end)

    it("says *", function()
      check("*", { "https://example.com", "https://10.0.0.1", "https://[2001:db8::1]" }, {})
      check("a *", { "https://example.com" }, {})
    end)

    it("is a list with commas, blanks or both as separators", function()
      for _, list in ipairs { "a.test,b.test", "a.test b.test", " ,a.test ,\tb.test, " } do
        check(list, { "https://a.test", "https://b.test" }, { "https://c.test" })
      end
      check("", {}, { "https://a.test" })
      check(", .,*. ", {}, { "https://a.test" })
    end)

    it("names the port too; a URL without one has its scheme's port", function()
      check("a.test:443,b.test:8443,10.0.0.1:80,[2001:db8::1]:443", {
        "https://a.test", "https://a.test:443", "https://x.a.test", "https://b.test:8443", "http://10.0.0.1",
        "https://[2001:db8::1]",
      }, { "http://a.test", "https://a.test:8443", "https://b.test", "https://10.0.0.1", "http://[2001:db8::1]" })
    end)

    it("names the address or a range around it", function()
      check("10.128.0.0/10,2001:db8::/33", { "https://10.191.3.4", "https://10.128.0.0", "https://[2001:db8:7fff::1]" }, {
        "https://10.192.0.0", "https://10.127.0.1", "https://[2001:db8:8000::1]",
      })
      check("10.0.0.0/8 192.168.1.1, 172.16.0.0/12", {
        "https://10.1.2.3", "https://192.168.1.1:8443", "https://172.31.255.255", "https://[::ffff:10.1.2.3]",
      }, { "https://11.0.0.1", "https://192.168.1.2", "https://172.32.0.0", "https://10.example.com", "https://[::a01:203]" })
      check("2001:db8::/32,[fe80::1],fd00::1", {
        "https://[2001:db8:1::2]", "https://[FE80:0:0::1]", "https://[fd00::1]:8443",
      }, { "https://[2001:db9::]", "https://[fe80::2]", "https://10.0.0.1" })
      check("0.0.0.0/0", { "https://1.2.3.4" }, { "https://example.com", "https://[2001:db8::1]" })
    end)

    it("ignores suffixes of addresses and malformed entries", function()
      check("0.0.1,.0.0.1", {}, { "https://10.0.0.1" })
      check("10.0.0.0/33,10.0.0.0/x,10.0.0/8,2001:db8::/129,/8,https://a.test,a.test:x,a.test/8", {}, {
        "https://10.0.0.1", "https://[2001:db8::1]", "https://a.test",
      })
    end)

    it("is the option, else the variable, wherever the proxy comes from", function()
      assert.equal("", find("https://a.test", { proxy = P }, { no_proxy = "a.test" }))
      assert.equal("", find("https://a.test", {}, { https_proxy = P, NO_PROXY = "a.test" }))
      assert.equal(P, find("https://a.test", {}, { https_proxy = P, no_proxy = "b.test", NO_PROXY = "a.test" }))
      assert.equal("", find("https://a.test", {}, { https_proxy = P, no_proxy = "", NO_PROXY = "a.test" }))
      assert.equal(P, find("https://a.test", { no_proxy = "" }, { https_proxy = P, no_proxy = "*" }))
      assert.equal("", find("https://a.test", { no_proxy = "a.test" }, { https_proxy = P }))
    end)
  end)

  it("has secrets: the password as written, as decoded and as sent", function()
    assert.same({ "p%40ss:word", "p@ss:word", "dXNlcjpwQHNzOndvcmQ=" }, proxy.secrets "http://user:p%40ss:word@proxy.test:1")
    assert.same({ "token", "token", "dG9rZW46" }, proxy.secrets "http://token@proxy.test:1")
    assert.same({ "word", "word", "dXNlcjp3b3Jk" }, proxy.secrets "user:word@proxy.test:1")
    assert.equal("dXM6YStiOmM=", proxy.basic_credentials "us:a+b:c")
    assert.same({}, proxy.secrets(P))
    assert.same({}, proxy.secrets "")
  end)
end)
