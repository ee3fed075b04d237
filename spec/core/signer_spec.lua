local core = require "dataworks.core"

describe("a signer", function()
  it("shows its algorithm and never a key", function()
    local signer = core.signer { access_key_id = "the-id", access_key_secret = "the-secret", security_token = "the-token" }
    assert.equal("dataworks.signer (ACS3-HMAC-SHA256)", tostring(signer))
  end)

  it("can be closed twice and then signs nothing", function()
    local signer = core.signer { access_key_id = "id", access_key_secret = "secret" }
    signer:close()
    signer:close()
    assert.equal("dataworks.signer (closed)", tostring(signer))
    local context = { signer = signer, endpoint = "https://example.com", date = 0, nonce = "n" }
    assert.error_matches(function() core.request("A", { version = "v", method = "GET", params = {} }, {}, context) end, "is closed")
  end)

  it("refuses keys with blanks and line breaks, and names the key without its text", function()
    for _, name in ipairs { "access_key_id", "access_key_secret", "security_token" } do
      local options = { access_key_id = "id", access_key_secret = "secret" }
      options[name] = "hush-hush\n"
      local signer, err = core.signer(options)
      assert.is_nil(signer)
      assert.equal(name, err.path)
      assert.matches("line break", err.message)
      assert.is_nil((err.path .. err.message):find("hush", 1, true))
    end
    assert.is_nil((core.signer { access_key_id = "", access_key_secret = "x" }))
  end)

  it("refuses keys in quotes, as docker's --env-file keeps them, and keys with a character outside ASCII", function()
    for key, reason in pairs {
      ['"hush-hush"'] = "is in quotes", ["'hush-hush'"] = "is in quotes", ['hush-hush"'] = "is in quotes",
      ["“hush-hush”"] = "not printable ASCII at byte 1$", ["hush-hush\194\160"] = "not printable ASCII at byte 10$",
      ["hush-hush\127"] = "not printable ASCII at byte 10$", ["hush hush"] = "a blank.* at byte 5$",
    } do
      for _, name in ipairs { "access_key_id", "access_key_secret", "security_token", "bearer_token" } do
        local options = { access_key_id = "id", access_key_secret = "secret" }
        options[name] = key
        local signer, err = core.signer(options)
        assert.is_nil(signer)
        assert.equal(name, err.path)
        assert.matches(reason, err.message)
        assert.is_nil(err.message:find("hush", 1, true))
      end
    end
  end)

  it("raises for a value that is not a string and for an unknown algorithm", function()
    assert.error_matches(function() core.signer { access_key_id = 1, access_key_secret = "x" } end, "string expected")
    assert.error_matches(function() core.signer { access_key_id = "a", access_key_secret = "x", algorithm = "MD5" } end, "unknown signature algorithm MD5")
  end)
end)
