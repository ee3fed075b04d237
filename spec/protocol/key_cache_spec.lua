local key_cache = require "dataworks.protocol.key_cache"

-- A source whose credentials are what `get` returns.
local function new(get, algorithm, more_secrets)
  local source = { get = get, expire = function() return false end, close = function() end }
  return key_cache.new(source, algorithm, more_secrets or {})
end

describe("a key cache", function()
  it("makes keys once while the credentials stay the same", function()
    local cache = new(function() return { access_key_id = "i", access_key_secret = "secret-1" } end)
    assert.equal(cache:get(), cache:get())
  end)

  it("makes new keys when any part of the credentials changes, and closes the old ones", function()
    local now = { access_key_id = "i", access_key_secret = "secret-1" }
    local cache = new(function() return now end, "HMAC-SHA1")
    for _, changed in ipairs {
      { access_key_id = "j", access_key_secret = "secret-1" }, { access_key_id = "j", access_key_secret = "secret-2" },
      { access_key_id = "j", access_key_secret = "secret-2", security_token = "token-1" },
      { access_key_id = "j", access_key_secret = "secret-2" },
    } do
      local before = cache:get()
      now = changed
      local after = cache:get()
      assert.not_equal(before, after)
      assert.equal("dataworks.signer (closed)", tostring(before))
      assert.equal("dataworks.signer (HMAC-SHA1)", tostring(after))
    end
  end)

  it("makes keys from a bearer token too, and redacts it", function()
    local found = { bearer_token = "bearer-first" }
    local cache = new(function() return found end)
    local first = cache:get()
    assert.equal(first, cache:get())
    assert.equal("a *** b", cache:redact "a bearer-first b")
    found = { bearer_token = "second-bearer" }
    assert.not_equal(first, cache:get())
    found = { access_key_id = "i", access_key_secret = "secret-1" }
    cache:get()
    assert.equal("a bearer-first b *** c ***", cache:redact "a bearer-first b second-bearer c secret-1")
  end)

  it("passes deadline, expiry and close on to its source", function()
    local calls = {}
    local cache = key_cache.new({
      get = function(_, deadline)
        calls[#calls + 1] = deadline
        return { access_key_id = "i", access_key_secret = "secret-1" }
      end,
      expire = function()
        calls[#calls + 1] = "expire"
        return true
      end,
      close = function() calls[#calls + 1] = "close" end,
    }, nil, {})
    assert.is_true(cache:expire(cache:get(5)))
    cache:close()
    cache:close()
    assert.same({ 5, "expire", "close" }, calls)
  end)

  it("keeps its keys when the source fails once, and returns the failure meanwhile", function()
    local found = { access_key_id = "i", access_key_secret = "secret-1" }
    local source = { found }
    local cache = new(function() return source[1], source[1] == nil and { kind = "credentials" } or nil end)
    local first = cache:get()
    source[1] = nil
    assert.same({ nil, { kind = "credentials" } }, { cache:get() })
    source[1] = found
    assert.equal(first, cache:get())
  end)

  it("names a bad key without showing it", function()
    local cache = new(function() return { access_key_id = "i", access_key_secret = "hush-hush\n" } end)
    local found, err = cache:get()
    assert.is_nil(found)
    assert.equal("credentials", err.kind)
    assert.matches("^access_key_secret has a blank, a line break", err.message)
    assert.is_nil(err.message:find("hush", 1, true))
  end)

  it("expires refused keys at its source, unless they have been replaced already", function()
    local expired, now = 0, { access_key_id = "i", access_key_secret = "secret-1" }
    local cache = key_cache.new({
      get = function() return now end,
      expire = function()
        expired = expired + 1
        return expired == 1
      end,
      close = function() end,
    }, nil, {})
    local refused = cache:get()
    assert.is_true(cache:expire(refused))
    assert.is_false(cache:expire(refused))
    now = { access_key_id = "i", access_key_secret = "secret-2" }
    cache:get()
    assert.is_true(cache:expire(refused))
    assert.equal(2, expired)
  end)

  it("makes redactors for more secrets", function()
    local cache = new(function() return { access_key_id = "i", access_key_secret = "secret-1" } end, nil, { "proxy-password" })
    assert.equal("*** *** secret-1", cache:redactor { "signature" } "proxy-password signature secret-1")
    cache:get()
    assert.equal("*** *** ***", cache:redactor { "signature" } "proxy-password signature secret-1")
    assert.equal("*** signature ***", cache:redact "proxy-password signature secret-1")
    assert.equal("*** s...", cache:redact("proxy-password signature", 16))
  end)

  it("redacts secret and token, the credentials before the last, and the further secrets", function()
    local now = { access_key_id = "i", access_key_secret = "se/cret+1", security_token = "to+ken%1==" }
    local cache = new(function() return now end, nil, { "proxy-password" })
    assert.equal("*** se/cret+1", cache:redact "proxy-password se/cret+1")
    cache:get()
    assert.equal("a *** b *** c *** d *** e ***", cache:redact(
      "a se/cret+1 b to+ken%1== c se%2Fcret%2B1 d to%252Bken%25251%253D%253D e proxy-password"))
    now = { access_key_id = "i", access_key_secret = "secret-2" }
    cache:get()
    assert.equal("*** *** *** ***", cache:redact "se/cret+1 to+ken%1== secret-2 proxy-password")
  end)

  it("shows no secret in its fields", function()
    local secret = "hush-hush"
    local cache = new(function() return { access_key_id = "i", access_key_secret = secret } end, nil, { secret })
    cache:get()
    local function check(value, seen)
      assert.not_equal(secret, value)
      if type(value) == "table" and not seen[value] then
        seen[value] = true
        for name, field in next, value do
          check(name, seen)
          check(field, seen)
        end
      end
    end
    check(cache, {})
  end)

  it("is collected as garbage, although its secrets are in a table of the module", function()
    local weak = setmetatable({}, { __mode = "v" })
    do
      local cache = new(function() return { access_key_id = "i", access_key_secret = "secret-1" } end)
      cache:get()
      weak.cache = cache
    end
    for _ = 1, 3 do collectgarbage() end
    assert.is_nil(weak.cache)
  end)

  it("closes its keys, and may be closed twice", function()
    local cache = new(function() return { access_key_id = "i", access_key_secret = "secret-1" } end)
    local keys = cache:get()
    cache:close()
    cache:close()
    assert.equal("dataworks.signer (closed)", tostring(keys))
    assert.equal("cancelled", select(2, cache:get()).kind)
  end)

  it("keeps no credentials when it is closed while they are fetched", function()
    local cache
    cache = new(function()
      cache:close()
      return { access_key_id = "i", access_key_secret = "secret-1" }
    end)
    local keys, err = cache:get()
    assert.is_nil(keys)
    assert.same({ "cancelled", false }, { err.kind, err.sent })
    assert.equal("secret-1", cache:redact "secret-1")
  end)
end)
