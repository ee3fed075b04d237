local credentials = require "dataworks.credentials"

local function no_environment() end

local function environment(values)
  return function(name) return values["ALIBABA_CLOUD_" .. name] or values[name:gsub("^ALIBABA_CLOUD_", "")] end
end

local PAIR = { ACCESS_KEY_ID = "env-id", ACCESS_KEY_SECRET = "env-secret" }

describe("credentials", function()
  it("come from the options, whatever else there is", function()
    local source = credentials.source({ access_key_id = "a", access_key_secret = "b", security_token = "c" }, environment(PAIR))
    assert.same({ access_key_id = "a", access_key_secret = "b", security_token = "c" }, source.get())
  end)

  it("come from the function before the environment, and are asked for each time", function()
    local calls = 0
    local source = credentials.source({ credentials = function()
      calls = calls + 1
      return { access_key_id = "f" .. calls, access_key_secret = "s" }
    end }, environment(PAIR))
    assert.equal("f1", source.get().access_key_id)
    assert.equal("f2", source.get().access_key_id)
  end)

  it("come from the environment, which is read once", function()
    local reads = 0
    local source = credentials.source({}, function(name)
      reads = reads + 1
      return environment { ACCESS_KEY_ID = "i", ACCESS_KEY_SECRET = "s", SECURITY_TOKEN = "t" }(name)
    end)
    local before = reads
    assert.same({ access_key_id = "i", access_key_secret = "s", security_token = "t" }, source.get())
    source.get()
    assert.equal(before, reads)
  end)

  it("that are empty in the environment are none", function()
    local found, err = credentials.source({}, environment { ACCESS_KEY_ID = "", ACCESS_KEY_SECRET = "s" }).get()
    assert.is_nil(found)
    assert.matches("ACCESS_KEY_ID is not set", err.message)
    found = credentials.source({}, environment { ACCESS_KEY_ID = "i", ACCESS_KEY_SECRET = "s", SECURITY_TOKEN = "" }).get()
    assert.is_nil(found.security_token)
  end)

  it("that are nowhere give an error that says what to set", function()
    local found, err = credentials.source({}, no_environment).get()
    assert.is_nil(found)
    assert.same({ "credentials", false }, { err.kind, err.sent })
    assert.matches("ALIBABA_CLOUD_ACCESS_KEY_ID is not set", err.message)
    assert.matches("ALIBABA_CLOUD_ACCESS_KEY_SECRET", err.advice)
    assert.matches("access_key_id", err.advice)
  end)

  it("of a function that has none give its reason, in one line", function()
    local _, err = credentials.source({ credentials = function() return nil, "vault\nis sealed" end }, no_environment).get()
    assert.equal([[the credentials function has none: vault\nis sealed]], err.message)
  end)

  it("of a function that raises don't tell what it raised, which may quote a key file", function()
    local _, err = credentials.source({ credentials = function() error "can't parse {secret = hush}" end }, no_environment).get()
    assert.equal("credentials", err.kind)
    assert.is_nil(err.message:find("hush", 1, true))
  end)

  it("that lack a part are refused by the part's name, never its text", function()
    for _, case in ipairs {
      { "hush-hush", "a table was expected" }, { {}, "access_key_id is missing" },
      { { access_key_id = "hush-hush" }, "access_key_secret is missing" },
      { { access_key_id = "i", access_key_secret = "" }, "access_key_secret is missing" },
      { { access_key_id = "i", access_key_secret = "hush-hush", security_token = 5 }, "security_token must be text" },
    } do
      local found, err = credentials.source({ credentials = function() return case[1] end }, no_environment).get()
      assert.is_nil(found)
      assert.matches(case[2], err.message)
      assert.is_nil(err.message:find("hush", 1, true))
    end
  end)
end)
