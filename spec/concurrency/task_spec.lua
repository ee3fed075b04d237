local dataworks = require "dataworks"
local requests_support = require "spec.support.requests"
local web_support = require "spec.support.web"

local PATIENCE = requests_support.PATIENCE
local CROSSES_PCALL = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil

describe("a task", function()
  local web, requests, transport

  local function send(...) return requests:send(...) end

  setup(function() web = web_support.start() end)
  teardown(function() if web then web:stop() end end)
  before_each(function()
    requests = requests_support.new(web)
    transport = requests.transport
  end)
  after_each(function() transport:close() end)

  it("is spawned inside a loop only", function()
    local ok, err = pcall(function() dataworks.spawn(function() end) end)
    assert.is_false(ok)
    assert.matches("task_spec.lua:%d+: dataworks.spawn: no loop is running", err)
  end)

  it("returns its results to each joiner, whenever it joins", function()
    dataworks.run(function()
      local task = dataworks.spawn(function(...)
        transport:sleep(0.001)
        return ...
      end, 1, nil, 3)
      local other = dataworks.spawn(function() return select("#", task:join()) end)
      assert.same({ 1, nil, 3 }, { task:join() })
      assert.equal(3, other:join())
      assert.same({ 1, nil, 3 }, { task:join() })
    end)
  end)

  it("that failed returns its error to its joiner, and the loop does not raise it again", function()
    local value, err = dataworks.run(function()
      return dataworks.spawn(function() error "broken" end):join()
    end)
    assert.is_nil(value)
    assert.matches("broken", err)
    assert.matches("traceback", err)
  end)

  it("that is cancelled ends its call, whose error says whether it was sent", function()
    dataworks.run(function()
      local path = requests:barrier(2)
      local held = dataworks.spawn(send, path)
      local never = dataworks.spawn(send, "/never")
      assert(send(path)) -- so that the first was sent
      assert.equal(200, assert(held:join()).status)
      assert.is_true(never:cancel())
      local reply, err = never:join()
      assert.is_nil(reply)
      assert.same({ "cancelled", "unknown", "the task was cancelled" }, { err.kind, err.sent, err.message })
      assert.is_false(never:cancel())
    end)
  end)

  it("that is cancelled during a reply knows that its request was sent", function()
    dataworks.run(function()
      local before = requests:count "half"
      local half = dataworks.spawn(send, "/half")
      requests:await_count("half", before)
      assert(send "/echo") -- The server has sent the half. While this request waits for its reply, the loop reads the half.
      half:cancel()
      assert.is_true(select(2, half:join()).sent)
    end)
  end)

  it("that is cancelled sends nothing more", function()
    dataworks.run(function()
      local errors = {}
      local task = dataworks.spawn(function()
        transport:sleep(PATIENCE)
        for i = 1, 2 do errors[i] = select(2, send "/echo") end
        transport:sleep(PATIENCE)
        return "its own end"
      end)
      transport:sleep(0.001)
      task:cancel()
      assert.equal("its own end", task:join())
      for i = 1, 2 do assert.same({ "cancelled", false }, { errors[i].kind, errors[i].sent }) end
    end)
  end)

  it("that is cancelled sends nothing more where it can't wait", function()
    dataworks.run(function()
      local errors, slept = {}, 0
      local function call() errors[#errors + 1] = select(2, send "/echo") end
      local task = dataworks.spawn(function()
        transport:sleep(PATIENCE)
        coroutine.wrap(call)()
        table.sort({ 2, 1 }, function(a, b)
          call()
          slept = transport:sleep(PATIENCE)
          return a < b
        end)
        pcall(call)
      end)
      transport:sleep(0.001)
      task:cancel()
      task:join()
      assert.equal("cancelled", slept)
      assert.is_true(#errors >= 3)
      for _, err in ipairs(errors) do assert.same({ "cancelled", false }, { err.kind, err.sent }) end
    end)
  end)

  it("that is cancelled spawns tasks that are not cancelled", function()
    dataworks.run(function()
      local task = dataworks.spawn(function()
        transport:sleep(PATIENCE)
        return dataworks.spawn(send, "/echo")
      end)
      transport:sleep(0.001)
      task:cancel()
      assert.equal(200, assert(task:join():join()).status)
    end)
  end)

  it("that is cancelled before its first turn is skipped", function()
    dataworks.run(function()
      local began
      local task = dataworks.spawn(function() began = true end)
      task:cancel()
      local value, err = task:join()
      assert.is_nil(value)
      assert.equal("cancelled", err.kind)
      assert.is_nil(began)
    end)
  end)

  it("that is cancelled ends its join", function()
    dataworks.run(function()
      local long = dataworks.spawn(function() return send "/never" end)
      local joiner = dataworks.spawn(function() return long:join() end)
      transport:sleep(0.001)
      joiner:cancel()
      assert.equal("cancelled", select(2, joiner:join()).kind)
      long:cancel()
    end)
  end)

  it("can't join itself", function()
    local ok, err = pcall(dataworks.run, function()
      local task
      task = dataworks.spawn(function() task:join() end)
    end)
    assert.is_false(ok)
    assert.matches("task_spec.lua:%d+: join: a task can't wait for itself", err)
  end)

  it("keeps waiting when the program resumes its coroutine", function()
    dataworks.run(function()
      local path, thread = requests:barrier(2), nil
      local task = dataworks.spawn(function()
        thread = coroutine.running()
        return send(path)
      end)
      coroutine.yield()
      for _ = 1, 2 do assert.is_true(coroutine.resume(thread)) end
      assert(send(path))
      assert.equal(200, assert(task:join()).status)
    end)
  end)

  it("runs a C function", function()
    dataworks.run(function()
      assert.equal(3, dataworks.spawn(math.max, 1, 3, 2):join())
    end)
    assert.same({ { value = "a" }, { value = "b" } }, dataworks.map({ "A", "B" }, string.lower))
  end)

  it("raises misuse at the line that made the mistake", function()
    local messages = {}
    dataworks.run(function()
      local task = dataworks.spawn(transport.sleep, transport, 0.001)
      for _, wrong in ipairs {
        function() task.join() end, function() task.cancel() end,
        function() table.sort({ 1, 2 }, function() task:join() end) end,
      } do
        local ok, err = coroutine.resume(coroutine.create(wrong))
        assert.is_false(ok)
        messages[#messages + 1] = err
      end
    end)
    assert.matches("task_spec.lua:%d+: join: call it with a colon, as in task:join%(%.%.%.%)", messages[1])
    assert.matches("task_spec.lua:%d+: cancel: call it with a colon, as in task:cancel%(%.%.%.%)", messages[2])
    assert.matches("task_spec.lua:%d+: join: only a task of the same loop can wait .* table.sort", messages[3])
  end)

  it("blocks in a coroutine of the program, where join raises", function()
    dataworks.run(function()
      local other = dataworks.spawn(transport.sleep, transport, 0.001)
      local own = coroutine.wrap(function()
        local reply = send "/echo"
        local ok, err = pcall(other.join, other)
        return reply, ok, err
      end)
      local reply, ok, err = own()
      assert.equal(200, reply.status)
      assert.is_false(ok)
      assert.matches("not a coroutine of your own", err)
    end)
  end)

  it("calls inside pcall and a for, and overlaps where Lua can yield there", function()
    local path = CROSSES_PCALL and requests:barrier(3) or "/echo"
    local replies = 0
    dataworks.run(function()
      for _ = 1, 3 do
        dataworks.spawn(function()
          local ok, reply = pcall(send, path)
          assert.is_true(ok)
          assert.equal(200, reply.status)
          for status in function(_, last) return not last and send("/echo").status or nil end do
            replies = replies + (status == 200 and 1 or 0)
          end
        end)
      end
    end)
    assert.equal(3, replies)
  end)
end)
