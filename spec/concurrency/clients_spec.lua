-- Clients whose calls run in tasks.

local core = require "dataworks.core"
local dataworks = require "dataworks"
local emulators = require "spec.support.emulator"

describe("a client in tasks", function()
  local emulator

  setup(function() emulator = emulators.start() end)
  teardown(function() emulator:stop() end)
  before_each(function() emulator:reset() end)

  local function new(options)
    local all = {
      endpoint = emulator.endpoint, access_key_id = emulator.access_key_id,
      access_key_secret = emulator.access_key_secret, getenv = function() end,
    }
    for name, value in pairs(options or {}) do all[name] = value or nil end
    return dataworks.new(all)
  end

  -- A client whose keys come from the emulator's AssumeRole.
  local function with_role(on_event)
    return new {
      access_key_id = false, access_key_secret = false,
      credentials = {
        type = "ram_role_arn", role_arn = "acs:ram::123:role/dw-role",
        source = {
          type = "access_key", access_key_id = emulator.access_key_id, access_key_secret = emulator.access_key_secret,
        },
      },
      getenv = function(name) return name == "ALIBABA_CLOUD_STS_ENDPOINT" and emulator.endpoint or nil end,
      on_event = on_event,
    }
  end

  -- The code or kind of a failed call, whether it was sent, and its message.
  local function get(client, options)
    local err = select(2, client:GetDISyncTask({ ProjectId = 1, FileId = 2, TaskType = "DI_OFFLINE" }, options))
    return err.kind == "cancelled" and err.kind or err.code or err.kind, err.sent, err.message
  end

  local function give_turns()
    for _ = 1, 3 do coroutine.yield() end
  end

  it("creates tasks of DataWorks side by side", function()
    local client = new()
    local results = dataworks.map({ "a", "b", "c", "d", "e" }, function(name)
      return client:create_sync_task({
        ProjectId = 10000, TaskType = "DI_REALTIME", TaskName = name,
        TaskParam = dataworks.task {
          from = { mysql = "mysql_pub1", tables = { mysql_db = { "orders" } } }, to = { odps = "odps_source" },
          resource_group = "S_res_group_280749521950784_1623033752022",
        },
      }, { delay = 0.01 })
    end)
    for i = 1, 5 do
      assert(results[i].value, tostring(results[i].err))
    end
    client:close()
  end)

  it("sends no queued request during a pause that the service asked for, and reports each attempt once", function()
    emulator:fault { fault = "throttle", times = 1, retry_after = 3000 }
    local paused_at, during, reported = nil, 0, { request = 0, response = 0, retry = 0, wait = 0 }
    local client = new { timeout = 60, on_event = function(event)
      reported[event.type] = reported[event.type] + 1
      if event.type ~= "response" then
        return
      elseif event.error and event.error.retry_after then
        paused_at = core.clock()
      elseif paused_at and core.clock() < paused_at + 2.9 then
        during = during + 1
      end
    end }
    local items = {}
    for i = 1, 400 do items[i] = i end
    for _, result in ipairs(dataworks.map(items, function()
      return client:call("ListFiles", { ProjectId = 10000 })
    end, { concurrency = #items })) do
      assert(result.value, tostring(result.err))
    end
    assert(paused_at)
    assert.is_true(during < 256, during .. " calls in the pause")
    assert.equal(reported.response, reported.request)
    client:close()
  end)

  it("fetches credentials once for all tasks", function()
    local fetched = 0
    local client = with_role(function(event) fetched = fetched + (event.type == "refresh" and 1 or 0) end)
    local results = dataworks.map({ 1, 2, 3, 4, 5, 6, 7, 8 }, function()
      return client:GetDISyncTask { ProjectId = 1, FileId = 2, TaskType = "DI_OFFLINE" }
    end)
    for i = 1, 8 do assert.equal("Param.Invalid", results[i].err.code) end
    assert.equal(1, fetched)
    assert.equal(1, #emulator:journal "AssumeRole")
    client:close()
  end)

  it("fetches credentials again when the fetching task was cancelled", function()
    emulator:fault { fault = "slow_head", action = "AssumeRole", seconds = 20, times = 1 }
    local client = with_role()
    dataworks.run(function()
      local function call()
        return select(2, client:GetDISyncTask { ProjectId = 1, FileId = 2, TaskType = "DI_OFFLINE" })
      end
      local first = dataworks.spawn(call)
      local second = dataworks.spawn(call)
      for _ = 1, 3 do coroutine.yield() end
      first:cancel()
      local err = first:join()
      assert.same({ "cancelled", false }, { err.kind, err.sent })
      assert.equal("Param.Invalid", second:join().code)
    end)
    client:close()
  end)

  it("cancels a call whose task waits for credentials", function()
    emulator:fault { fault = "slow_head", action = "AssumeRole", seconds = 1 }
    local client = with_role()
    dataworks.run(function()
      local first, second = dataworks.spawn(get, client), dataworks.spawn(get, client)
      local third = dataworks.spawn(get, client)
      give_turns()
      second:cancel()
      assert.same({
        "cancelled", false, "ram_role_arn: another call is fetching the credentials: the task was cancelled",
      }, { second:join() })
      for _, task in ipairs { first, third } do assert.equal("Param.Invalid", (task:join())) end
    end)
    assert.equal(1, #emulator:journal "AssumeRole")
    client:close()
  end)

  it("fetches no credentials for waiting tasks after it was closed", function()
    emulator:fault { fault = "slow_head", action = "AssumeRole", seconds = 20 }
    local fetched = 0
    local client = with_role(function(event) fetched = fetched + (event.type == "refresh" and 1 or 0) end)
    dataworks.run(function()
      local tasks = {}
      for i = 1, 3 do tasks[i] = dataworks.spawn(get, client) end
      give_turns()
      client:close()
      for i = 1, 3 do
        local code, sent, message = tasks[i]:join()
        assert.same({ "cancelled", false }, { code, sent })
        assert.matches("the client was closed during the call", message)
      end
    end)
    assert.equal(1, fetched)
  end)

  it("fetches credentials where the fetching task can't be awaited", function()
    for _, elsewhere in ipairs {
      function(client) return coroutine.wrap(get)(client, { timeout = 5 }) end,
      function(client, loop)
        loop:close()
        return get(client, { timeout = 5 })
      end,
      function(client, loop)
        loop:close()
        return dataworks.run(get, client, { timeout = 5 })
      end,
    } do
      emulator:fault { fault = "slow_head", action = "AssumeRole", seconds = 20 }
      local client, loop = with_role(), dataworks.loop()
      loop:spawn(get, client)
      for _ = 1, 3 do loop:step() end
      assert.equal("Param.Invalid", (elsewhere(client, loop)))
      loop:close()
      client:close()
      emulator:reset()
    end
  end)

  it("frees the places of cancelled calls in the queue of its limit", function()
    local client = new { limit = 1 } -- The second call is sent a second after the first one, whose reply is there by then.
    local items = {}
    for i = 1, 40 do items[i] = i end
    local results, why = dataworks.map(items, function() return (get(client, { timeout = 60 })) end, {
      on_progress = function() error "enough" end,
    })
    assert.matches("enough", why.message)
    for i = 2, 40 do assert.equal("cancelled", results[i].value) end
    assert.equal("Param.Invalid", (get(client, { timeout = 5 })))
    client:close()
  end)

  it("cancels its calls when it is closed", function()
    emulator:fault { fault = "slow_head", seconds = 20, times = 3 }
    local client = new()
    local kinds = {}
    dataworks.run(function()
      for i = 1, 3 do
        dataworks.spawn(function()
          kinds[i] = select(2, client:ListFiles { ProjectId = 10000 }).kind
        end)
      end
      for _ = 1, 3 do coroutine.yield() end
      client:close()
    end)
    assert.same({ "cancelled", "cancelled", "cancelled" }, kinds)
  end)

  it("ends a wait whose task is cancelled", function()
    emulator:settings { pending_calls = 100 }
    local client = new()
    local err = dataworks.run(function()
      local made = assert(client:generate {
        ProjectId = 10000, TaskType = "DI_REALTIME", TaskParam = dataworks.task {
          from = { mysql = "mysql_pub1", tables = { mysql_db = { "orders" } } }, to = { odps = "odps_source" },
          resource_group = "S_res_group_280749521950784_1623033752022",
        },
      })
      local task
      task = dataworks.spawn(client.wait, client, {
        ProjectId = 10000, TaskType = "DI_REALTIME", ProcessId = made.Data.ProcessId,
      }, { delay = 30, max_delay = 30, on_progress = function()
        dataworks.spawn(function() task:cancel() end)
      end })
      return select(2, task:join())
    end)
    assert.equal("cancelled", err.kind)
    assert.is_string(err.state.ProcessId)
    client:close()
  end)
end)
