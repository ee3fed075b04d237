-- Time is a number in these specs, and other calls are coroutines.

local cache = require "dataworks.credentials.cache"
local homes = require "spec.support.home"

local FAILURE = { kind = "credentials", sent = false, message = "the service is down" }

describe("a cache of temporary credentials", function()
  local host, world, provider, fetches, answer

  local function found(id, seconds)
    return { access_key_id = id, access_key_secret = "s", security_token = "t", expiration = seconds and world.time + seconds }
  end

  before_each(function()
    host, world = homes.host()
    fetches, answer = 0, function() return found("id-" .. fetches, 3600) end
    provider = cache.new("spec", host, function(_, deadline)
      fetches = fetches + 1
      return answer(deadline)
    end, {})
  end)

  local function get(seconds)
    local got, failure = provider:get(seconds and world.time + seconds or math.huge)
    return got and got.access_key_id, failure and failure.message
  end

  it("fetches credentials once, and renews them shortly before they expire", function()
    for _ = 1, 10 do assert.equal("id-1", get()) end
    world.time = world.time + 3299
    assert.equal("id-1", get())
    assert.equal(1, fetches)
    world.time = world.time + 1
    assert.equal("id-2", get())
    assert.equal(2, fetches)
  end)

  it("renews at a random moment, so that many clients don't renew at once", function()
    world.random = 1
    get()
    world.time = world.time + 3149
    assert.equal("id-1", get())
    world.time = world.time + 1
    assert.equal("id-2", get())
  end)

  it("uses credentials of a short life for most of that life", function()
    answer = function() return found("id-" .. fetches, 100) end
    get()
    world.time = world.time + 74
    assert.equal("id-1", get())
    world.time = world.time + 1
    assert.equal("id-2", get())
  end)

  it("returns valid credentials while renewals fail, and backs off", function()
    get()
    answer = function() return nil, FAILURE end
    world.time = world.time + 3300
    local asked = {}
    for second = 0, 299 do
      local before = fetches
      assert.equal("id-1", get())
      if fetches > before then asked[#asked + 1] = second end
      world.time = world.time + 1
    end
    assert.same({ 0, 1, 2, 4, 8, 16, 32, 62, 92, 122, 152, 182, 212, 242, 272 }, asked)
    assert.same({ nil, "the service is down" }, { get() })
  end)

  it("returns a failure again until its pause has passed", function()
    answer = function() return nil, FAILURE end
    for _ = 1, 3 do assert.same({ nil, "the service is down" }, { get() }) end
    assert.equal(1, fetches)
    world.time = world.time + 0.5
    get()
    assert.equal(2, fetches)
    world.time = world.time + 0.9
    get()
    assert.equal(2, fetches)
    answer = function() return found("good", 3600) end
    world.time = world.time + 0.1
    assert.equal("good", get())
    assert.equal(3, fetches)
  end)

  it("pauses as long as the failure says", function()
    answer = function() return nil, { kind = "credentials", message = "nobody there", pause = 60 } end
    get()
    world.time = world.time + 59
    get()
    assert.equal(1, fetches)
    world.time = world.time + 1
    get()
    assert.equal(2, fetches)
  end)

  it("asks a provider that is not configured each time, without an event", function()
    answer = function() return nil, { kind = "credentials", message = "not set", not_configured = true } end
    get()
    get()
    assert.equal(2, fetches)
    assert.same({}, world.events)
  end)

  it("refuses credentials that have expired already", function()
    answer = function() return found("old", 0) end
    local id, message = get()
    assert.is_nil(id)
    assert.matches("expired already; is the clock of this machine right%?", message)
  end)

  it("uses credentials without an expiry for a few seconds", function()
    answer = function() return found("id-" .. fetches) end
    get()
    world.time = world.time + 4.9
    assert.equal("id-1", get())
    world.time = world.time + 0.1
    assert.equal("id-2", get())
    world.time = world.time + 5
    answer = function() return nil, FAILURE end
    assert.same({ nil, "the service is down" }, { get() })
  end)

  it("forgets credentials that the service calls expired, but just fetched ones only once", function()
    get()
    assert.is_true(provider:expire())
    assert.equal("id-2", get())
    assert.is_false(provider:expire())
    assert.equal("id-2", get())
    world.time = world.time + 5
    assert.is_true(provider:expire())
    assert.equal("id-3", get())
    assert.is_true(provider:expire())
    assert.equal("id-4", get())
    assert.is_false(provider:expire())
    assert.equal(4, fetches)
  end)

  it("forgets just fetched credentials again after a renewal", function()
    get()
    assert.is_true(provider:expire())
    assert.equal("id-2", get())
    world.time = world.time + 3600
    assert.equal("id-3", get())
    assert.is_true(provider:expire())
    assert.equal("id-4", get())
    assert.is_false(provider:expire())
  end)

  it("begins with stored credentials that are still valid", function()
    local other = cache.new("spec", host, function() return found("fetched", 3600) end, {}, found("stored", 600))
    assert.equal("stored", other:get(math.huge).access_key_id)
    assert.same({}, world.events)
    assert.is_true(other:expire())
    assert.equal("fetched", other:get(math.huge).access_key_id)
    other = cache.new("spec", host, function() return found("fetched", 3600) end, {}, found("stored", 0))
    assert.equal("fetched", other:get(math.huge).access_key_id)
  end)

  it("emits an event for each fetch, with provider, elapsed time, expiry and error", function()
    answer = function()
      world.time = world.time + 2
      return found("a", 900)
    end
    get()
    assert.same({ { type = "refresh", provider = "spec", elapsed = 2, expires = 900 } }, world.events)
    answer = function() return nil, FAILURE end
    world.time = world.time + 800
    get()
    local event = world.events[2]
    assert.same({ "refresh", "spec", 0 }, { event.type, event.provider, event.elapsed })
    assert.is_nil(event.expires)
    assert.equal("the service is down", tostring(event.error))
  end)

  describe("within the deadline of a call", function()
    it("gives a fetch the time left, and an early renewal half of it", function()
      local given
      answer = function(deadline)
        given = deadline - world.time
        return found("a", 3600)
      end
      get(10)
      assert.equal(10, given)
      world.time = world.time + 3400
      get(10)
      assert.equal(5, given)
      world.time = world.time + 3400
      get()
      assert.equal(60, given)
    end)

    it("does not remember a failure that the deadline caused", function()
      answer = function(deadline)
        world.time = deadline
        return nil, { kind = "credentials", message = "too late", cut_short = true }
      end
      assert.same({ nil, "too late" }, { get(1) })
      answer = function() return found("good", 3600) end
      assert.equal("good", get(1))
    end)

    it("does not delay the next call when an early renewal hangs", function()
      get()
      world.time = world.time + 3400
      answer = function(deadline)
        world.time = deadline
        return nil, { kind = "credentials", message = "too late", cut_short = true }
      end
      assert.equal("id-1", get(2))
      assert.equal("id-1", get(2))
      assert.equal(2, fetches)
    end)
  end)

  describe("with several coroutines", function()
    -- A latch like those of a transport: wait suspends the coroutine until the latch is open or its opener has ended.
    local function new_latch()
      local opener, opened = coroutine.running(), false
      return {
        wait = function(seconds)
          world.waits = (world.waits or 0) + 1
          if seconds <= 0 then return false end
          while not opened and coroutine.status(opener) ~= "dead" do coroutine.yield() end
          return opened or nil
        end,
        open = function() opened = true end,
      }
    end

    local function all(count, seconds)
      local results, running = {}, {}
      for i = 1, count do
        running[i] = coroutine.create(function() results[i] = { get(seconds) } end)
      end
      return function()
        for _, thread in ipairs(running) do
          if coroutine.status(thread) ~= "dead" then assert(coroutine.resume(thread)) end
        end
        return results
      end
    end

    before_each(function()
      world.latch = new_latch
      local first = answer
      answer = function(...)
        coroutine.yield()
        coroutine.yield()
        return first(...)
      end
    end)

    it("fetches once for all", function()
      local step, results = all(50), nil
      for _ = 1, 5 do results = step() end
      assert.equal(1, fetches)
      assert.equal(49, world.waits)
      for i = 1, 50 do assert.same({ "id-1" }, results[i]) end
    end)

    it("returns valid credentials to all but the one that renews them", function()
      local step = all(1)
      for _ = 1, 4 do step() end
      world.time = world.time + 3400
      local results
      step = all(50)
      results = step()
      assert.is_nil(results[1])
      for i = 2, 50 do assert.same({ "id-1" }, results[i]) end
      step()
      results = step()
      assert.same({ "id-2" }, results[1])
      assert.equal(2, fetches)
    end)

    it("makes all wait after the service called the credentials expired", function()
      local step = all(1)
      for _ = 1, 4 do step() end
      world.time = world.time + 3400
      all(1)()
      assert.is_true(provider:expire())
      assert.is_true(provider:expire())
      local results = all(1)()
      assert.is_nil(results[1])
      assert.equal(1, world.waits)
    end)

    it("returns one failure to all", function()
      answer = function()
        coroutine.yield()
        return nil, FAILURE
      end
      local step, results = all(5), nil
      for _ = 1, 4 do results = step() end
      assert.equal(1, fetches)
      for i = 1, 5 do assert.same({ nil, "the service is down" }, results[i]) end
    end)

    it("lets the next one fetch when the deadline of the first has passed", function()
      local calls = 0
      answer = function(deadline)
        calls = calls + 1
        coroutine.yield()
        if calls > 1 then return found("second", 3600) end
        world.time = deadline
        return nil, { kind = "credentials", message = "too late", cut_short = true }
      end
      local first, second = {}, {}
      local a = coroutine.create(function() first = { get(1) } end)
      local b = coroutine.create(function() second = { get(100) } end)
      for _ = 1, 5 do
        for _, thread in ipairs { a, b } do
          if coroutine.status(thread) ~= "dead" then assert(coroutine.resume(thread)) end
        end
      end
      assert.same({ { nil, "too late" }, { "second" } }, { first, second })
    end)

    it("makes none wait beyond its deadline", function()
      all(1)()
      local results = all(1, 0)()
      assert.matches("another call is fetching the credentials", results[1][2])
    end)

    it("lets another one fetch when a fetch takes far too long", function()
      all(1)()
      world.time = world.time + 121
      local step, results = all(1), nil
      for _ = 1, 4 do results = step() end
      assert.same({ "id-2" }, results[1])
    end)

    it("lets a waiting one fetch when the fetching one died", function()
      local dying = coroutine.create(function()
        local usual = answer
        answer = function()
          answer = usual
          coroutine.yield()
          error "broken"
        end
        get()
      end)
      coroutine.resume(dying)
      local step, results = all(5), nil
      step()
      coroutine.resume(dying)
      for _ = 1, 5 do results = step() end
      assert.equal(2, fetches)
      for i = 1, 5 do assert.same({ "id-2" }, results[i]) end
    end)

    it("lets each one fetch where nothing can wait", function()
      world.latch = nil
      local step, results = all(2), nil
      for _ = 1, 4 do results = step() end
      assert.equal(2, fetches)
      assert.same({ { "id-2" }, { "id-2" } }, results)
    end)
  end)
end)
