-- A barrier of the server answers no call before all have arrived, which shows that the calls overlap.

local dataworks = require "dataworks"
local requests_support = require "spec.support.requests"
local shell = require "spec.support.shell"
local web_support = require "spec.support.web"

describe("dataworks.run", function()
  local web, requests, transport

  local function send(...) return requests:send(...) end

  setup(function() web = web_support.start() end)
  teardown(function() if web then web:stop() end end)
  before_each(function()
    requests = requests_support.new(web)
    transport = requests.transport
  end)
  after_each(function() transport:close() end)

  it("overlaps the calls of its tasks", function()
    local path = requests:barrier(20)
    dataworks.run(function()
      local tasks = {}
      for i = 1, 20 do
        tasks[i] = dataworks.spawn(send, path)
      end
      for i = 1, 20 do
        assert.equal(200, assert(tasks[i]:join()).status)
      end
    end)
  end)

  it("uses no processor while its tasks wait for a reply or a time", function()
    local path, used = requests:barrier(2), nil
    dataworks.run(function()
      local first = dataworks.spawn(send, path)
      dataworks.sleep(0.1)
      used = os.clock()
      dataworks.sleep(0.4)
      used = os.clock() - used
      assert.equal(200, send(path).status)
      first:join()
    end)
    assert.is_true(used < 0.2, used)
  end)

  it("returns what its function returns, nils included", function()
    local function pack(...) return { n = select("#", ...), ... } end
    assert.same({ n = 3, 1, nil, nil }, pack(dataworks.run(function(...) return ... end, 1, nil, nil)))
    assert.same({ n = 0 }, pack(dataworks.run(function() end)))
  end)

  it("waits for tasks that nobody joins", function()
    local done
    dataworks.run(function()
      dataworks.spawn(function()
        transport:sleep(0.01)
        done = true
      end)
    end)
    assert.is_true(done)
  end)

  it("raises its function's error with a traceback, and cancels the other tasks", function()
    local seen
    local ok, err = pcall(dataworks.run, function()
      dataworks.spawn(function() seen = select(2, send "/never") end)
      transport:sleep(0)
      local function deep() error "broken" end
      deep()
    end)
    assert.is_false(ok)
    assert.matches("broken", err)
    assert.matches("traceback", err)
    assert.equal("cancelled", seen.kind)
  end)

  it("raises the error of a failed task that nobody has joined", function()
    local ok, err = pcall(dataworks.run, function()
      dataworks.spawn(function() error "lost" end)
      transport:sleep(0.001)
      return "fine"
    end)
    assert.is_false(ok)
    assert.matches("lost", err)
    assert.matches("traceback", err)
  end)

  it("lists the failed tasks, but none that failed after its function", function()
    local ok, err = pcall(dataworks.run, function()
      for i = 1, 15 do
        dataworks.spawn(function() error("lost " .. i) end)
      end
    end)
    assert.is_false(ok)
    assert.matches("^[^\n]*lost 1\nstack traceback:.*\n14 more failed:\n[^\n]*lost 2\n.*lost 11\n  %.%.%.$", err)
    ok, err = pcall(dataworks.run, function()
      dataworks.spawn(function() error "lost" end)
      dataworks.spawn(function()
        assert.equal("cancelled", select(2, send "/never").kind)
        error "after the cancellation"
      end)
      transport:sleep(0.001)
      error "broken"
    end)
    assert.is_false(ok)
    assert.matches("^[^\n]*broken\nstack traceback:.*\n1 more failed:\n[^\n]*lost$", err)
  end)

  it("raises an error that is not text unchanged", function()
    local value = {}
    local ok, err = pcall(dataworks.run, function() error(value) end)
    assert.is_false(ok)
    assert.equal(value, err)
  end)

  it("gives other tasks a turn when a task yields by itself", function()
    local order = {}
    dataworks.run(function()
      for i = 1, 2 do
        dataworks.spawn(function()
          order[#order + 1] = i
          coroutine.yield()
          order[#order + 1] = i
        end)
      end
    end)
    assert.same({ 1, 2, 1, 2 }, order)
  end)

  it("refuses to run inside itself, and refuses a value that is not a function", function()
    local ok, err = pcall(dataworks.run, function() dataworks.run(function() end) end)
    assert.is_false(ok)
    assert.matches("run_spec.lua:%d+: dataworks.run: a loop is running already", err)
    ok, err = pcall(function() dataworks.run(1) end)
    assert.is_false(ok)
    assert.matches("run_spec.lua:%d+: dataworks.run: fn must be a function, as in function%(%) %.%.%. end, got a number", err)
  end)

  it("works again after a failure", function()
    pcall(dataworks.run, function() error "broken" end)
    assert.equal("fine", dataworks.run(function() return "fine" end))
  end)

  it("raises when every task waits for another one", function()
    local ok, err = pcall(dataworks.run, function()
      local first, second
      first = dataworks.spawn(function() assert.equal("cancelled", select(2, second:join()).kind) end)
      second = dataworks.spawn(function() first:join() end)
    end)
    assert.is_false(ok)
    assert.matches("^every task waits for another one; one of 2 waits here:\nstack traceback:\n", err)
    assert.matches("\n\tspec/concurrency/run_spec.lua:%d+: in ", err)
  end)

  it("is loaded by its first use", function()
    local output = shell.output(([[%s -e 'require "dataworks".new { endpoint = "http://127.0.0.1:1" }
      for name in pairs(package.loaded) do
        if name:find("^dataworks%%.concurrency") then print(name) end
      end']]):format(shell.interpreter))
    assert.equal("", output)
  end)

  it("is refused inside nginx, where libcurl is not loaded", function()
    local output = shell.output(([[%s -e '
      ngx = { config = { subsystem = "http" } }
      local dataworks = require "dataworks"
      for _, name in ipairs { "run", "spawn", "loop" } do
        print(select(2, pcall(dataworks[name], print)))
      end
      print(select(2, pcall(dataworks.map, {}, print)))
      print(package.loaded["dataworks.curl"])']]):format(shell.interpreter))
    for _, name in ipairs { "run", "spawn", "loop", "map" } do
      assert.matches("dataworks." .. name .. ": inside nginx calls yield to nginx already; use ngx.thread.spawn", output, 1, true)
    end
    assert.matches("\nnil$", output)
  end)
end)
