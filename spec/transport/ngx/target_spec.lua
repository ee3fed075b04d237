local catch = require "dataworks.transport.catch"
local targets = require "dataworks.transport.ngx.target"

local P = "http://us%40er:secret@proxy.test:3128"

local function find(url, proxy, allow_http)
  return catch(targets.find, { options = { allow_http = allow_http or false } }, url, proxy or "")
end

describe("the target of a URL inside nginx", function()
  it("is a peer to connect to, and a path", function()
    for url, expected in pairs {
      ["https://service.test/a?b=c"] = { "service.test", 443, true, "/a?b=c" },
      ["https://service.test:8443"] = { "service.test", 8443, true, "/" },
      ["https://service.test?b=/c"] = { "service.test", 443, true, "/?b=/c" },
      ["https://[2001:db8::1]/"] = { "[2001:db8::1]", 443, false, "/" },
      ["http://127.0.0.1:80/"] = { "127.0.0.1", 80, false, "/" },
    } do
      local target, path = find(url)
      assert.same(expected, { target.peer.host, target.peer.port, target.peer.is_name, path }, url)
    end
  end)

  it("connects to 127.0.0.1 for every spelling of localhost", function()
    for _, host in ipairs { "localhost", "LOCALHOST", "localhost." } do
      local target = find("http://" .. host .. ":8080/", P)
      assert.same({ host = "127.0.0.1", port = 8080, is_name = false }, target.peer)
      assert.is_false(target.proxy)
    end
  end)

  it("refuses plain http to a host that only looks like loopback", function()
    for _, host in ipairs { "localhost.evil.com", "127.0.0.1.evil.com", "128.0.0.1", "[::2]" } do
      local _, failure = find("http://" .. host .. "/")
      assert.same({ "CURLE_UNSUPPORTED_PROTOCOL", false }, { failure.code, failure.sent }, host)
      assert.is_table(find("http://" .. host .. "/", "", true))
    end
    local _, failure = find "http://localhost:x@evil/"
    assert.equal("CURLE_URL_MALFORMAT", failure.code)
  end)

  it("is a proxy, with a tunnel for https", function()
    local target = find("https://service.test/", P)
    assert.same({ host = "proxy.test", port = 3128, is_name = true }, target.peer)
    assert.same({ login = "us%40er:secret", tunnel_to = "service.test:443" }, target.proxy)
    assert.equal("[2001:db8::1]:443", find("https://[2001:db8::1]/", P).proxy.tunnel_to)
    assert.is_nil(find("http://service.test/", P, true).proxy.tunnel_to)
  end)

  it("is found again, outside the fields of the transport", function()
    local transport = { options = { allow_http = false } }
    local target = targets.find(transport, "https://service.test/a", P)
    assert.equal(target, (targets.find(transport, "https://service.test/b", P)))
    assert.not_equal(target, (targets.find(transport, "https://service.test/b", "")))
    assert.same({ options = { allow_http = false } }, transport)
  end)

  it("is kept for 64 services, so that a worker that calls ever more services does not grow", function()
    local transport, kept, count = { options = { allow_http = false } }, setmetatable({}, { __mode = "k" }), 0
    local first = targets.find(transport, "https://1.test/", P)
    for i = 1, 1000 do kept[(targets.find(transport, ("https://%d.test/"):format(i), P))] = true end
    collectgarbage()
    collectgarbage()
    for _ in pairs(kept) do count = count + 1 end
    assert.equal(64, count)
    assert.equal(first, (targets.find(transport, "https://1.test/", P)))
  end)
end)
