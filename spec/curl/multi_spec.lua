local curl = require "dataworks.curl"
local native_support = require "spec.support.native"
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
    return multi:add(session, "GET", web:url(path), {}, "", PATIENCE)
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
    local id = multi:add(session, "GET", "nonsense", {}, "", PATIENCE)
    assert.same({ id }, multi:poll(PATIENCE))
    local _, err = session:result()
    assert.same({ "invalid", false }, { err.kind, err.sent })
    assert.equal(id, multi:add(session, "GET", web:url "/echo", { ["a b"] = "c" }, "", PATIENCE))
    assert.same({ id }, multi:poll(PATIENCE))
    assert.is_false(select(2, session:result()).sent)
  end)

  it("shares an HTTP/2 connection on which data of another request waits to be read", function()
    local one, two = curl.new { ca_file = web.ca_file }, curl.new { ca_file = web.ca_file }
    local function begin(it, path) return multi:add(it, "GET", web:tls_url("tls", path), {}, "", PATIENCE) end
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

  it("refuses a second request of a session in flight", function()
    add "/never"
    assert.error_matches(function() add "/echo" end, "the session has a request")
    assert.error_matches(function() session:send("GET", web:url "/echo", {}, "", 1) end, "the session has a request")
    assert.error_matches(function() session:result() end, "has no result")
    assert.is_true(multi:cancel(session))
    assert.equal("cancelled", select(2, session:result()).kind)
    assert.is_false(multi:cancel(session))
    assert.equal(200, (session:send("GET", web:url "/echo", {}, "", PATIENCE)))
  end)

  it("has nothing to do after the deadline of its only request", function()
    multi:add(session, "GET", web:url "/never", {}, "", 0.1)
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
    multi:add(other, "GET", web:url(path), {}, "", PATIENCE)
    local ended = 0
    repeat ended = ended + #multi:poll(PATIENCE) until ended == 2
    assert.equal(200, (session:result()))
    assert.equal(200, (other:result()))
    other:close()
  end)

  it("may be collected with its sessions, in any order", function()
    for _ = 1, 20 do
      local one, two = curl.multi(), curl.new {}
      one:add(two, "GET", web:url "/never", {}, "", PATIENCE)
      one:poll(0)
      one, two = nil, nil -- luacheck: ignore 311
      collectgarbage()
    end
  end)
end)
