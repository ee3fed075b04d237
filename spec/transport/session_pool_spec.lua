local session_pool = require "dataworks.transport.session_pool"

describe("a pool of sessions", function()
  local pool, opened, closed, stopped

  before_each(function()
    opened, closed, stopped = 0, {}, {}
    pool = session_pool.new(function()
      opened = opened + 1
      local number = opened
      return { number = number, close = function() closed[#closed + 1] = number end }
    end)
  end)

  it("opens a session only if none is idle", function()
    local first, second = pool:take(), pool:take()
    assert.same({ 1, 2 }, { first.number, second.number })
    pool:give_back(first)
    assert.equal(first, pool:take())
    assert.equal(3, pool:take().number)
    assert.same({}, closed)
  end)

  it("closes all idle sessions once when it is closed, and the others when they come back", function()
    local sessions = { pool:take(), pool:take(), pool:take(), pool:take() }
    for i = 1, 3 do pool:give_back(sessions[i]) end
    pool:close "closed"
    pool:close "closed"
    table.sort(closed)
    assert.same({ 1, 2, 3 }, closed)
    pool:give_back(sessions[4])
    assert.same({ 1, 2, 3, 4 }, closed)
  end)

  it("ends the transfers and sleeps of its transport when it is closed", function()
    local transfer = { stop = function(_, ...) stopped[#stopped + 1] = { ... } end }
    local task = { interrupt = function() stopped[#stopped + 1] = "interrupted" end }
    pool.transfers[transfer], pool.sleepers[task] = true, true
    pool:close "why"
    assert.same({ { "cancelled", "why" }, "interrupted" }, stopped)
  end)

  it("keeps no transfer and no task alive", function()
    pool.transfers[{}], pool.sleepers[{}] = true, true
    collectgarbage()
    collectgarbage()
    assert.same({ {}, {} }, { pool.transfers, pool.sleepers })
  end)
end)
