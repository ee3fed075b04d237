local core = require "dataworks.core"
local curl = require "dataworks.curl"
local native_support = require "spec.support.native"
local ports = require "spec.support.ports"
local web_support = require "spec.support.web"

local PATIENCE = 30

describe("dataworks.curl.multi", function()
  local web, native, multi, session

  setup(function()
    native = native_support.load()
    web = web_support.start()
  end)
  teardown(function() if web then web:stop() end end)
  before_each(function() multi, session = curl.multi(), curl.new {} end)
  after_each(function()
    session:close()
    multi:close()
  end)

  local function add(path)
    return multi:add(session, { method = "GET", url = web:url(path) }, PATIENCE)
  end

  it("names the requests that have ended", function()
    local id = add "/status/404"
    local list
    repeat list = multi:poll(PATIENCE) until #list > 0
    assert.same({ id }, list)
    assert.equal(404, (session:result()))
  end)

  it("gives a result once", function()
    for _, path in ipairs { "/echo", "/reset" } do
      add(path)
      repeat until #multi:poll(PATIENCE) > 0
      session:result()
      assert.error_matches(function() session:result() end, "the session has no result")
    end
  end)

  it("ends a request that is invalid", function()
    local id = multi:add(session, { method = "GET", url = "nonsense" }, PATIENCE)
    assert.same({ id }, multi:poll(PATIENCE))
    local _, err = session:result()
    assert.same({ "invalid", false }, { err.kind, err.sent })
    assert.equal(id, multi:add(session, { method = "GET", url = web:url "/echo", headers = { ["a b"] = "c" } }, PATIENCE))
    assert.same({ id }, multi:poll(PATIENCE))
    assert.is_false(select(2, session:result()).sent)
  end)

  it("sends a request that was collected meanwhile", function()
    local row = { version = "v", method = "POST", params = { { "Text", "string", "body" } } }
    local function signed(byte)
      return assert(core.signed_request("Action", row, { Text = byte:rep(100000) }, {
        signer = assert(core.signer { access_key_id = "id", access_key_secret = "secret" }), endpoint = web:url "",
        date = 1716019750, nonce = "n",
      }))
    end
    multi:add(session, signed "a", PATIENCE)
    collectgarbage()
    collectgarbage()
    local other = signed "b" -- may reuse the memory
    repeat until #multi:poll(PATIENCE) > 0
    local status, _, body = session:result()
    assert.same({ 200, 100000 }, { status, #body:match "Text=(a+)" })
    assert.equal(#"Text=" + 100000, #other.body)
  end)

  it("shares an HTTP/2 connection on which data of another request waits to be read", function()
    local one, two = curl.new { ca_file = web.ca_file }, curl.new { ca_file = web.ca_file }
    local function begin(it, path) return multi:add(it, { method = "GET", url = web:tls_url("tls", path) }, PATIENCE) end
    local function finish(count)
      while count > 0 do count = count - #multi:poll(PATIENCE) end
    end
    begin(two, "/connection")
    finish(1)
    local number = select(3, two:result()):match "^%d+"
    for _ = 1, 5 do
      begin(one, "/bytes/4000000")
      multi:poll(0.01)
      multi:poll(0.01)
      curl.sleep(0.02)
      begin(two, "/connection")
      finish(2)
      assert.equal(200, (one:result()))
      assert.equal(number, select(3, two:result()):match "^%d+")
    end
    one:close()
    two:close()
  end)

  it("keeps a connection when a connection with the same local port to another server has been closed", function()
    local library = native_support.compile("spec/support/one_local_port.c", "-ldl")
    local output = native_support.run([[
      local curl = require "dataworks.curl"
      local multi, session = curl.multi(), curl.new { ca_file = os.getenv "CA_FILE" }
      local function get(url)
        multi:add(session, { method = "GET", url = url }, 30)
        repeat until #multi:poll(30) > 0
        local status, _, body = session:result()
        return status and body or _
      end
      local first = get(os.getenv "KEPT")
      for i = 1, 3 do
        get(os.getenv "CLOSED")
        curl.sleep(0.1)
        print(get(os.getenv "KEPT") == first:gsub("%d+$", i + 1))
      end]], {
      LD_PRELOAD = library, ASAN_OPTIONS = "verify_asan_link_order=0", LOCAL_PORT = tostring(ports.random()),
      CA_FILE = web.ca_file, KEPT = web:tls_url("tls", "/connection"), CLOSED = web:url "/bye",
    })
    os.remove(library)
    assert.equal("true\ntrue\ntrue\n", output)
  end)

  it("ends the requests that libcurl has forgotten soon after their timeouts, each at its own", function()
    local library = native_support.compile("spec/support/forgetful_libcurl.c", "$(pkg-config --cflags libcurl)")
    local output = native_support.run([[
      local curl = require "dataworks.curl"
      local multi, sessions = curl.multi(), {}
      for i, timeout in ipairs { 4, 0.1, 8 } do
        sessions[i] = curl.new {}
        multi:add(sessions[i], { method = "GET", url = "http://127.0.0.1:1/" }, timeout)
      end
      print(multi:timeout() < 1.2)
      for i = 2, 1, -1 do
        repeat until #multi:poll(60) > 0
        local status, err = sessions[i]:result()
        print(i, status, err.kind, err.code, err.sent)
      end
      print(multi:timeout() < 9)]], { LD_PRELOAD = library, ASAN_OPTIONS = "verify_asan_link_order=0" })
    os.remove(library)
    assert.equal("true\n2\tnil\ttimeout\tCURLE_OPERATION_TIMEDOUT\tfalse\n1\tnil\ttimeout\tCURLE_OPERATION_TIMEDOUT"
      .. "\tfalse\ntrue\n", output)
  end)

  it("refuses a second request of a session in flight", function()
    add "/never"
    assert.error_matches(function() add "/echo" end, "the session has a request")
    assert.error_matches(function() session:send({ method = "GET", url = web:url "/echo" }, 1) end, "the session has a request")
    assert.error_matches(function() session:result() end, "has no result")
    assert.is_true(multi:cancel(session))
    assert.equal("cancelled", select(2, session:result()).kind)
    assert.is_false(multi:cancel(session))
    assert.equal(200, (session:send({ method = "GET", url = web:url "/echo" }, PATIENCE)))
  end)

  it("has nothing to do after the deadline of its only request", function()
    multi:add(session, { method = "GET", url = web:url "/never" }, 0.1)
    repeat until #multi:poll(PATIENCE) > 0
    assert.equal("timeout", select(2, session:result()).kind)
    assert.is_nil(multi:timeout())
  end)

  it("may be closed before its sessions, and after", function()
    add "/never"
    multi:poll(0)
    multi:close()
    assert.equal("cancelled", select(2, session:result()).kind)
    assert.error_matches(function() multi:poll(0) end, "the multi is closed")
    multi = curl.multi()
    add "/never"
    multi:poll(0)
    session:close()
    assert.same({}, multi:poll(0))
  end)

  it("leaves requests in flight to the parent after a fork", function()
    local path = ("/barrier/2/fork-%s"):format(tostring(multi):gsub("%W", ""))
    local other = curl.new {}
    local id = add(path)
    for _ = 1, 20 do multi:poll(0.005) end
    assert.equal("done", native.fork(function()
      assert(multi:poll(0)[1] == id)
      assert(select(2, session:result()).kind == "cancelled")
      add "/echo"
      local list
      repeat list = multi:poll(PATIENCE) until #list > 0
      assert(session:result() == 200)
    end))
    assert.equal("done", native.fork(function()
      session:close()
      multi:close()
    end))
    multi:add(other, { method = "GET", url = web:url(path) }, PATIENCE)
    local ended = 0
    repeat ended = ended + #multi:poll(PATIENCE) until ended == 2
    assert.equal(200, (session:result()))
    assert.equal(200, (other:result()))
    other:close()
  end)

  it("may be collected with its sessions, in any order", function()
    for _ = 1, 20 do
      local one, two = curl.multi(), curl.new {}
      one:add(two, { method = "GET", url = web:url "/never" }, PATIENCE)
      one:poll(0)
      one, two = nil, nil -- luacheck: ignore 311
      collectgarbage()
    end
  end)
end)
