-- A loop that a program steps.

local curl = require "dataworks.curl"
local dataworks = require "dataworks"
local native_support = require "spec.support.native"
local requests_support = require "spec.support.requests"
local web_support = require "spec.support.web"

local PATIENCE = requests_support.PATIENCE

describe("dataworks.loop", function()
  local native, web, requests, transport

  local function send(...) return requests:send(...) end

  setup(function()
    native = native_support.load()
    web = web_support.start()
  end)
  teardown(function() if web then web:stop() end end)
  before_each(function()
    requests = requests_support.new(web)
    transport = requests.transport
  end)
  after_each(function() transport:close() end)

  it("runs its tasks when it is stepped", function()
    local loop, status = dataworks.loop(), nil
    local task = loop:spawn(function() status = send("/echo").status end)
    assert.equal(0, loop:timeout())
    while loop:step(0.01) do
      assert.is_true(loop:timeout() >= 0)
    end
    assert.equal(200, status)
    assert.matches("finished", tostring(task))
    loop:close()
    loop:close()
    assert.matches("closed", tostring(loop))
    assert.error_matches(function() loop:spawn(print) end, "the loop is closed")
  end)

  it("has a descriptor that is readable when something has arrived", function()
    local loop = dataworks.loop()
    local fd, path, answered = loop:fd(), requests:barrier(2), 0
    if not fd then
      local multi = curl.multi()
      assert.is_nil(multi:fd())
      multi:close()
      pending "the system has no epoll"
      return
    end
    local function call()
      assert.equal(200, send(path).status)
      answered = answered + 1
    end
    -- Steps the loop until none has been due for this long.
    local function host(seconds)
      while true do
        local wait = loop:timeout()
        if not native.readable(fd, math.min(wait, seconds)) and wait > seconds then
          return true
        elseif not loop:step() then
          return false
        end
      end
    end
    loop:spawn(call)
    assert.is_true(host(0.2))
    assert.equal(0, answered)
    loop:spawn(call)
    assert.is_false(host(PATIENCE))
    assert.equal(2, answered)
    assert.equal(fd, loop:fd())
    loop:close()
    assert.error_matches(function() loop:fd() end, "fd: the loop is closed")
    assert.error_matches(function() loop.fd() end, "call it with a colon")
  end)

  it("raises the error of failed tasks in the last step", function()
    local loop = dataworks.loop()
    loop:spawn(function() error "broken" end)
    local ok, err = pcall(loop.step, loop)
    assert.is_false(ok)
    assert.matches("broken", err)
    assert.is_false(loop:step())
    loop:close()
    assert.error_matches(function() loop:step() end, "the loop is closed")
  end)

  it("drops unfinished tasks when it is closed, and returns the error of failed ones", function()
    local loop = dataworks.loop()
    loop:spawn(send, "/never")
    loop:step(0.01)
    assert.is_nil(loop:close())
    loop = dataworks.loop()
    loop:spawn(send, "/never")
    loop:spawn(function() error "broken" end)
    loop:step(0.01)
    assert.matches("broken\nstack traceback", loop:close())
  end)

  it("raises when every task waits for another one, and ends their waits", function()
    local loop, errors = dataworks.loop(), {}
    local first, second
    first = loop:spawn(function() errors[1] = select(2, second:join()) end)
    second = loop:spawn(function() errors[2] = select(2, first:join()) end)
    local ok, err = pcall(loop.step, loop)
    assert.is_false(ok)
    assert.matches("^every task waits for another one", err)
    while loop:step() do assert.equal(0, loop:timeout()) end
    assert.equal("cancelled", (errors[1] or errors[2]).kind)
    assert.is_nil(loop:close())
  end)

  it("can't be closed by its own tasks", function()
    local loop, err = dataworks.loop(), nil
    loop:spawn(function() err = select(2, pcall(function() loop:close() end)) end)
    assert.is_false(loop:step())
    assert.matches("loop_spec.lua:%d+: close: a task can't close its own loop", err)
    loop:close()
  end)

  it("raises misuse at the line that made the mistake", function()
    for _, name in ipairs { "spawn", "step", "timeout", "close" } do
      local ok, err = pcall(function() dataworks.loop()[name](print) end)
      assert.is_false(ok)
      assert.matches("loop_spec.lua:%d+: " .. name .. ": call it with a colon, as in loop:" .. name .. "%(%.%.%.%)", err)
    end
  end)
end)
