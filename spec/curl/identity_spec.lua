-- Sessions with client certificates in one multi.

local curl = require "dataworks.curl"
local native_support = require "spec.support.native"
local web_support = require "spec.support.web"

local PATIENCE = 30
local PASSWORD = "key-password"

describe("connections of a multi", function()
  local web, native, multi, sessions

  setup(function()
    native = native_support.load()
    web = web_support.start()
  end)
  teardown(function() if web then web:stop() end end)
  before_each(function() multi, sessions = curl.multi(), {} end)
  after_each(function()
    for _, session in ipairs(sessions) do session:close() end
    multi:close()
  end)

  local function new(key, password, more)
    local options = {
      ca_file = web.ca_file, client_certificate = web.directory .. "/client.pem",
      client_key = key and web.directory .. "/" .. key, client_key_password = password,
    }
    for name, value in pairs(more or {}) do options[name] = value end
    sessions[#sessions + 1] = curl.new(options)
    return sessions[#sessions]
  end

  local function add(session, server, path)
    return multi:add(session, { method = "POST", url = web:tls_url(server, path or "/connection"), body = "x" }, PATIENCE)
  end

  local function finish(count)
    local left = count or 1
    while left > 0 do left = left - #multi:poll(PATIENCE) end
  end

  -- The number of the connection, or the failure.
  local function connection(session, server)
    add(session, server)
    finish()
    local status, err, body = session:result()
    if not status then return nil, err end
    assert.equal(200, status)
    return (body:match "^%d+")
  end

  local function refused(number, err)
    assert.is_nil(number)
    assert.same({ "transport", false, "CURLE_SSL_CERTPROBLEM" }, { err.kind, err.sent, err.code })
    assert.not_matches("password", err.message)
  end

  for name, server in pairs { ["HTTP/1.1"] = "tls_client", ["HTTP/2"] = "tls" } do
    it("are not used by a session with a wrong key or password: " .. name, function()
      for _, wrong in ipairs { { "stranger.key" }, { "locked.key" }, { "locked.key", "wrong" }, { "missing.key" }, {} } do
        assert(connection(new "client.key", server))
        refused(connection(new(wrong[1], wrong[2]), server))
        assert(connection(new("locked.key", PASSWORD), server))
        refused(connection(new(wrong[1], wrong[2]), server))
      end
    end)

    it("are not used by a session with a wrong password while a request is in flight: " .. name, function()
      local right, wrong = new("locked.key", PASSWORD), new("locked.key", "wrong")
      add(right, server, "/barrier/2/" .. server)
      for _ = 1, 20 do multi:poll(0.01) end
      refused(connection(wrong, server))
      local other = new("locked.key", PASSWORD)
      add(other, server, "/barrier/2/" .. server)
      finish(2)
      assert.equal(200, (right:result()))
      assert.equal(200, (other:result()))
    end)

    it("are not used by a session with a wrong key that begins at the same time: " .. name, function()
      local right, wrong = new "client.key", new "stranger.key"
      add(right, server)
      add(wrong, server)
      finish(2)
      assert.equal(200, (right:result()))
      local status, err = wrong:result()
      refused(status, err)
    end)

    it("are used by all sessions with the same key and password, after their first session was closed: " .. name,
      function()
        for _, key in ipairs { { "client.key" }, { "locked.key", PASSWORD } } do
          local first = new(key[1], key[2])
          local number = assert(connection(first, server))
          first:close()
          for _ = 1, 3 do assert.equal(number, connection(new(key[1], key[2]), server)) end
          multi:close()
          multi = curl.multi()
        end
      end)

    it("don't accumulate when two keys of one certificate are used: " .. name, function()
      local one, two = new "client.key", new("locked.key", PASSWORD)
      assert(connection(one, server))
      local before = native.connections()
      for _ = 1, 10 do
        assert.not_equal(assert(connection(one, server)), assert(connection(two, server)))
      end
      assert.is_true(native.connections() <= before + 1)
    end)
  end

  it("are not used by a session with another ca_file or min_tls", function()
    assert(connection(new "client.key", "tls"))
    local _, err = connection(new("client.key", nil, { ca_file = web.directory .. "/self_signed.pem" }), "tls")
    assert.same({ "transport", false }, { err.kind, err.sent })
    local number = assert(connection(new("client.key", nil, { min_tls = "1.2" }), "tls"))
    assert.not_equal(number, assert(connection(new("client.key", nil, { min_tls = "1.3" }), "tls")))
  end)

  it("without TLS are used by all sessions", function()
    local function plain(session)
      multi:add(session, { method = "GET", url = web:url "/connection" }, PATIENCE)
      finish()
      return (select(3, session:result()):match "^%d+")
    end
    assert.equal(plain(new "client.key"), plain(new("locked.key", PASSWORD)))
  end)
end)
