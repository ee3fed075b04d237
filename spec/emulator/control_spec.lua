local control = require "dataworks.emulator.control"
local json = require "dataworks.emulator.json"
local parts = require "dataworks.emulator.parts"

describe("the paths under /_emulator/", function()
  local emulator, counter = nil, 0

  local function random(count)
    counter = counter + 1
    return ("%0" .. count .. "d"):format(counter)
  end

  before_each(function()
    emulator = parts.new { clock = function() return 1000 end, crypto = { random = random } }
  end)

  local function send(method, path, body, action, headers)
    return control.answer(emulator, {
      method = method, path = "/_emulator/" .. path, body = body or "", action = action,
      headers = headers or { host = "127.0.0.1:20000" },
    })
  end

  it("answer only requests that name this machine, so that web pages can't send them", function()
    local function status(headers) return (send("GET", "settings", "", nil, headers)) end
    for _, host in ipairs { "127.0.0.1", "localhost:8080", "[::1]:1" } do
      assert.same({ 200, 200 }, { status { host = host }, status { host = host, origin = "http://" .. host } })
    end
    for _, headers in ipairs {
      {}, { host = "example.com:20000" }, { host = "127.0.0.1.example.com" }, { host = "localhost", origin = "https://example.com" },
      { host = "localhost", origin = "null" },
    } do
      assert.equal(403, status(headers))
    end
  end)

  it("change settings, the clock, the keys and the next id", function()
    local status, settings = send("POST", "settings",
      '{"clock_offset":5,"first_id":7,"credentials":[{"access_key_id":"i","access_key_secret":"s"}]}')
    assert.same({ 200, 5 }, { status, settings.clock_offset })
    assert.equal(1005, emulator.now())
    assert.equal("7", emulator.service:state_of("a"):next_id())
    assert.equal("s", emulator.gateway.keys.by_id.i.access_key_secret)
    assert.is_nil(emulator.gateway.keys.by_id.emulator)
  end)

  it("take the account of a key as text", function()
    local function change(account)
      return send("POST", "settings", ('{"credentials":[{"access_key_id":"i","access_key_secret":"s","account":%s}]}'):format(account))
    end
    assert.equal(200, (change '"12"'))
    local status, answer = change "12"
    assert.same({ 400, "account must be a text" }, { status, answer.message })
  end)

  it("keep issued keys when the configured ones change", function()
    emulator.gateway.keys:add_issued { access_key_id = "issued", access_key_secret = "s", security_token = "t" }
    send("POST", "settings", '{"credentials":[]}')
    assert.is_truthy(emulator.gateway.keys.by_security_token.t)
    assert.is_nil(next(emulator.gateway.keys.by_bearer_token))
  end)

  it("queue faults, list the journal and reset everything", function()
    assert.equal(200, (send("POST", "faults", '{"fault":"reset"}')))
    emulator.journal:add { action = "A" }
    assert.equal(1, #select(2, send("GET", "journal", "", "A")))
    assert.equal(0, #select(2, send("GET", "journal", "", "B")))
    assert.equal(200, (send("POST", "reset")))
    assert.is_nil(emulator.faults:take "A")
    assert.same({}, emulator.journal:list())
  end)

  it("make the service forget what it may forget, but no task", function()
    local function issue() return select(2, emulator.metadata:answer { method = "GET", path = "/credentials", headers = {} }) end
    local issued, state = issue(), emulator.service:state_of "a"
    local id = json.decode(issued).AccessKeyId
    state.tasks["1"], state.tokens.t, state.processes["2"] = {}, {}, {}
    emulator.gateway.nonces:add("n", 1000)
    send("POST", "faults", '{"fault":"reset"}')
    assert.is_truthy(emulator.gateway.keys.by_id[id])
    assert.equal(issued, issue())
    assert.equal(200, (send("POST", "forget")))
    assert.same({ { ["1"] = {} }, {}, {} }, { state.tasks, state.tokens, state.processes })
    assert.is_true(emulator.gateway.nonces:add("n", 1000))
    assert.is_nil(emulator.faults:take "A")
    assert.is_nil(emulator.gateway.keys.by_id[id])
    assert.is_truthy(emulator.gateway.keys.by_id.emulator)
    assert.not_equal(issued, issue())
  end)

  it("refuse an unknown path, a body that is not an object, and a wrong setting", function()
    assert.same({ 404, { message = "there is no such path" } }, { send("GET", "tasks") })
    for _, body in ipairs { "{", "[]", "1" } do
      assert.same({ 400, { message = "the body must be a JSON object" } }, { send("POST", "settings", body) })
    end
    assert.same({ 400, { message = "unknown setting x" } }, { send("POST", "settings", json.encode { x = 1 }) })
  end)
end)
