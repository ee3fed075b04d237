local core = require "dataworks.core"
local dataworks = require "dataworks"
local shell = require "spec.support.shell"

describe("dataworks.sleep", function()
  it("blocks for the given time outside a loop", function()
    local began = core.clock()
    assert.is_true(dataworks.sleep(0.2))
    assert.is_true(core.clock() - began >= 0.19)
    assert.is_true(dataworks.sleep(0))
    assert.is_true(dataworks.sleep(-1))
  end)

  it("pauses one task of a loop while the others go on", function()
    local order = {}
    dataworks.run(function()
      local other = dataworks.spawn(function()
        order[#order + 1] = "other"
      end)
      local began = core.clock()
      assert.is_true(dataworks.sleep(0.2))
      order[#order + 1] = "sleeper"
      assert.is_true(core.clock() - began >= 0.19)
      other:join()
    end)
    assert.same({ "other", "sleeper" }, order)
  end)

  it("ends with an error when its task is cancelled", function()
    local result, err
    dataworks.run(function()
      local sleeper = dataworks.spawn(function() result, err = dataworks.sleep(30) end)
      dataworks.sleep(0.01)
      sleeper:cancel()
      sleeper:join()
    end)
    assert.is_nil(result)
    assert.equal("cancelled", err.kind)
  end)

  it("ends soon after Ctrl-C, in a loop and outside", function()
    for _, script in ipairs { "d.sleep(30)", "d.run(function() d.sleep(30) end)" } do
      local output = shell.output(([[%s -e 'local d = require "dataworks" io.stdout:write "begun\\n" io.stdout:flush() %s print "next"' \
        >OUT 2>/dev/null & pid=$!
        for i in $(seq 500); do grep -q begun OUT 2>/dev/null && break; sleep 0.01; done
        sleep 0.1; date +%%s%%N >OUT.1; kill -INT $pid; wait $pid; echo "$? $((($(date +%%s%%N) - $(cat OUT.1)) / 1000000)) $(grep -c next OUT)"
        rm -f OUT OUT.1]]):format(shell.interpreter, script):gsub("OUT", os.tmpname()))
      local status, milliseconds, went_on = output:match "(%d+) (%d+) (%d+)$"
      assert.equal("1", status, output)
      assert.equal("0", went_on)
      assert.is_true(tonumber(milliseconds) < 8000, output)
    end
  end)

  it("raises at the caller's line for anything but a number of seconds", function()
    for _, bad in ipairs { "1", 0 / 0, math.huge, {} } do
      local ok, message = pcall(function() dataworks.sleep(bad) end)
      assert.is_false(ok)
      assert.matches("^spec/concurrency/sleep_spec.lua:%d+: dataworks.sleep: seconds must be a finite number", message)
    end
  end)
end)
