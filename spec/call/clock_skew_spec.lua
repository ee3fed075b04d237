local skew = require "dataworks.call.clock_skew"

-- Tue, 21 Jul 2026 00:00:00 GMT
local MIDNIGHT = 1784592000

local function machine_at(seconds)
  return skew.new(function() return seconds end)
end

describe("the corrected time of day", function()
  it("is the time of the machine until a Date corrects it", function()
    local now = MIDNIGHT - 3600
    local time = skew.new(function() return now end)
    assert.equal(MIDNIGHT - 3600, time:now())
    assert.is_true(time:correct "Tue, 21 Jul 2026 00:00:00 GMT")
    assert.equal(MIDNIGHT, time:now())
    now = now + 5
    assert.equal(MIDNIGHT + 5, time:now())
  end)

  it("is corrected in both directions, and again after somebody sets the machine's clock", function()
    local now = MIDNIGHT + 86400
    local time = skew.new(function() return now end)
    assert.is_true(time:correct "Tue, 21 Jul 2026 00:00:00 GMT")
    assert.equal(MIDNIGHT, time:now())
    now = MIDNIGHT + 7
    assert.is_true(time:correct "Tue, 21 Jul 2026 00:00:07 GMT")
    assert.equal(MIDNIGHT + 7, time:now())
  end)

  it("is corrected on a machine whose clock shows 1970", function()
    local time = machine_at(12)
    assert.is_true(time:correct "Tue, 21 Jul 2026 00:00:00 GMT")
    assert.equal(MIDNIGHT, time:now())
  end)

  it("does not change without a plausible Date", function()
    local time = machine_at(MIDNIGHT)
    for _, date in ipairs { "", "soon", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT" } do
      assert.is_false(time:correct(date))
      assert.is_nil(time:advice(date))
    end
    assert.is_false(time:correct(nil))
    assert.equal(MIDNIGHT, time:now())
  end)

  it("is compared with the machine's clock in the advice, also after a correction", function()
    local time = machine_at(MIDNIGHT - 3600)
    for _ = 1, 2 do
      assert.equal("The clock of this machine is 3600 s behind that of the service; set it.",
        time:advice "Tue, 21 Jul 2026 00:00:00 GMT")
      time:correct "Tue, 21 Jul 2026 00:00:00 GMT"
    end
    assert.equal("The clock of this machine is 90 s ahead of that of the service; set it.",
      machine_at(MIDNIGHT + 90.2):advice "Tue, 21 Jul 2026 00:00:00 GMT")
    assert.matches("agrees with the Date", machine_at(MIDNIGHT + 5):advice "Tue, 21 Jul 2026 00:00:00 GMT")
  end)
end)
