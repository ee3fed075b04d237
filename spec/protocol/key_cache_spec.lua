local signer = require "dataworks.protocol.key_cache"

local function sourced(get, ...)
  return signer.new({ get = get }, ...)
end

describe("a client's signer", function()
  it("is made once and kept while the credentials stay", function()
    local kept = sourced(function() return { access_key_id = "i", access_key_secret = "secret-1" } end, nil, {})
    assert.equal(kept.get(), kept.get())
  end)

  it("is made anew when any part of them changes, and the old one is closed", function()
    local now = { access_key_id = "i", access_key_secret = "secret-1" }
    local kept = sourced(function() return now end, "HMAC-SHA1", {})
    for _, changed in ipairs {
      { access_key_id = "j", access_key_secret = "secret-1" }, { access_key_id = "j", access_key_secret = "secret-2" },
      { access_key_id = "j", access_key_secret = "secret-2", security_token = "token-1" },
      { access_key_id = "j", access_key_secret = "secret-2" },
    } do
      local before = kept.get()
      now = changed
      local after = kept.get()
      assert.not_equal(before, after)
      assert.equal("dataworks.signer (closed)", tostring(before))
      assert.equal("dataworks.signer (HMAC-SHA1)", tostring(after))
    end
  end)

  it("is made of a bearer token too, and hides that", function()
    local found = { bearer_token = "bearer-token-1" }
    local kept = sourced(function() return found end, nil, {})
    local first = kept.get()
    assert.equal(first, kept.get())
    assert.equal("a *** b", kept.hide "a bearer-token-1 b")
    found = { bearer_token = "bearer-token-2" }
    assert.not_equal(first, kept.get())
    found = { access_key_id = "i", access_key_secret = "secret-1" }
    kept.get()
    assert.equal("a bearer-token-1 b *** c ***", kept.hide "a bearer-token-1 b bearer-token-2 c secret-1")
  end)

  it("hands on what it is asked for: the time there is, whether there may be other keys, its end", function()
    local told = {}
    local kept = signer.new({
      get = function(deadline)
        told[#told + 1] = deadline
        return { access_key_id = "i", access_key_secret = "secret-1" }
      end,
      expire = function()
        told[#told + 1] = "expire"
        return true
      end,
      close = function() told[#told + 1] = "close" end,
    }, nil, {})
    assert.is_true(kept.expire(kept.get(5)))
    kept.close()
    kept.close()
    assert.same({ 5, "expire", "close" }, told)
  end)

  it("keeps its keys when the source fails for once, and uses none meanwhile", function()
    local found = { access_key_id = "i", access_key_secret = "secret-1" }
    local source = { found }
    local kept = sourced(function() return source[1], source[1] == nil and { kind = "credentials" } or nil end, nil, {})
    local first = kept.get()
    source[1] = nil
    assert.same({ nil, { kind = "credentials" } }, { kept.get() })
    source[1] = found
    assert.equal(first, kept.get())
  end)

  it("names the bad key, not its text", function()
    local kept = sourced(function() return { access_key_id = "i", access_key_secret = "hush-hush\n" } end, nil, {})
    local found, err = kept.get()
    assert.is_nil(found)
    assert.equal("credentials", err.kind)
    assert.matches("^access_key_secret has a blank, a line break", err.message)
    assert.is_nil(err.message:find("hush", 1, true))
  end)

  it("asks its source for others when its keys are refused, unless they were renewed already", function()
    local asked, now = 0, { access_key_id = "i", access_key_secret = "secret-1" }
    local kept = signer.new({
      get = function() return now end,
      expire = function()
        asked = asked + 1
        return asked == 1
      end,
    }, nil, {})
    local refused = kept.get()
    assert.is_true(kept.expire(refused))
    assert.is_false(kept.expire(refused))
    now = { access_key_id = "i", access_key_secret = "secret-2" }
    kept.get()
    assert.is_true(kept.expire(refused))
    assert.equal(2, asked)
  end)

  it("hides secret and token, plain and percent-encoded once or twice, and no word of the text besides", function()
    local kept = sourced(function()
      return { access_key_id = "i", access_key_secret = "se/cret+1", security_token = "to+ken%1==" }
    end, nil, { "proxy-password" })
    kept.get()
    assert.equal("a *** b *** c *** d *** e *** f", kept.hide(
      "a se/cret+1 b to+ken%1== c se%2Fcret%2B1 d to%252Bken%25251%253D%253D e proxy-password f"))
    assert.equal("secret token", kept.hide "secret token")
  end)

  it("hides the keys before the last too", function()
    local now = { access_key_id = "i", access_key_secret = "secret-1", security_token = "token-1" }
    local kept = sourced(function() return now end, nil, { "proxy-password" })
    kept.get()
    now = { access_key_id = "i", access_key_secret = "secret-2" }
    kept.get()
    assert.equal("*** *** *** ***", kept.hide "secret-1 token-1 secret-2 proxy-password")
  end)

  it("can be closed twice", function()
    local kept = sourced(function() return { access_key_id = "i", access_key_secret = "secret-1" } end, nil, {})
    local made = kept.get()
    kept.close()
    kept.close()
    assert.equal("dataworks.signer (closed)", tostring(made))
  end)

  it("that is closed while its credentials are fetched keeps none of them", function()
    local kept
    kept = sourced(function()
      kept.close()
      return { access_key_id = "i", access_key_secret = "secret-1" }
    end, nil, {})
    local made, err = kept.get()
    assert.is_nil(made)
    assert.same({ "cancelled", false }, { err.kind, err.sent })
    assert.equal("secret-1", kept.hide "secret-1")
  end)

  it("hides nothing so short that it would spoil words", function()
    assert.equal("the art", signer.hider { "a", "" } "the art")
  end)
end)
