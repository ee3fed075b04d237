local timers = require "dataworks.concurrency.timers"

describe("timers", function()
  it("fire in the order of their times, and for one time in the order of their additions", function()
    local list, called, made = timers.new(), {}, {}
    local times = { 5, 3, 9, 3, 1, 7, 2, 8, 6, 4, 3, 0 }
    for i, at in ipairs(times) do
      made[i] = list:add(at, function() called[#called + 1] = at .. ":" .. i end)
    end
    for _, i in ipairs { 9, 1, 12, 9 } do list:remove(made[i]) end
    assert.equal(1, list:due())
    list:fire(3)
    assert.same({ "1:5", "2:7", "3:2", "3:4", "3:11" }, called)
    list:remove(made[2])
    list:fire(100)
    assert.same({ "4:10", "7:6", "8:8", "9:3" }, { called[6], called[7], called[8], called[9] })
    assert.equal(9, #called)
    assert.is_nil(list:due())
  end)

  it("take little memory after removals, and keep their order", function()
    local list, called, made = timers.new(), {}, {}
    for i = 1, 1000 do
      made[i] = list:add(i * 7 % 1000, function() called[#called + 1] = i * 7 % 1000 end)
    end
    for i = 1, 1000 do
      if i % 100 ~= 0 then list:remove(made[i]) end
    end
    assert.is_true(list.count <= 20)
    list:fire(1000)
    assert.same({ 0, 100, 200, 300, 400, 500, 600, 700, 800, 900 }, called)
    assert.is_nil(list:due())
    assert.equal(0, list.count)
  end)

  it("added by a timer that fires are left to the next call", function()
    local list, count = timers.new(), 0
    local function again()
      count = count + 1
      list:add(0, again)
    end
    again()
    list:fire(1)
    assert.equal(2, count)
  end)
end)
