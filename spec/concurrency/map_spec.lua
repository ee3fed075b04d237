local dataworks = require "dataworks"
local requests_support = require "spec.support.requests"
local shell = require "spec.support.shell"
local web_support = require "spec.support.web"

local numbers = requests_support.numbers

describe("dataworks.map", function()
  local web, requests, transport

  local function send(...) return requests:send(...) end

  setup(function() web = web_support.start() end)
  teardown(function() if web then web:stop() end end)
  before_each(function()
    requests = requests_support.new(web)
    transport = requests.transport
  end)
  after_each(function() transport:close() end)

  it("returns results in the order of the items", function()
    local results = dataworks.map(numbers(10), function(item)
      transport:sleep((10 - item) / 1000)
      return item * 2
    end)
    for i = 1, 10 do assert.same({ value = i * 2 }, results[i]) end
    assert.equal(10, #results)
  end)

  it("runs as many items at a time as `concurrency` allows", function()
    local path, running, highest = requests:barrier(4), 0, 0
    dataworks.map(numbers(12), function()
      running = running + 1
      highest = math.max(highest, running)
      assert(send(path))
      running = running - 1
    end, { concurrency = 4 })
    assert.equal(4, highest)
  end)

  it("keeps one item's failure from the others", function()
    local results = dataworks.map({ "good", "returns", "raises" }, function(item)
      transport:sleep(0)
      if item == "raises" then error "broken" end
      return item == "good" and item or nil, item == "returns" and "an error" or nil
    end)
    assert.same({ value = "good" }, results[1])
    assert.same({ err = "an error" }, results[2])
    assert.matches("broken", results[3].err)
    assert.matches("traceback", results[3].err)
  end)

  it("runs in a task too, and reports progress after each item", function()
    local events = {}
    local results = dataworks.run(function()
      return dataworks.map(numbers(3), function(item, index)
        assert.equal(item, index)
        return send("/echo").status
      end, { concurrency = 1, on_progress = function(event) events[#events + 1] = event end })
    end)
    assert.same({ { value = 200 }, { value = 200 }, { value = 200 } }, results)
    assert.same({ done = 3, total = 3, index = 3, value = 200 }, events[3])
    assert.equal(3, #events)
  end)

  it("returns the finished results when on_progress raises", function()
    local results, err = dataworks.map(numbers(4), function(item)
      if item == 1 then return "done" end
      return send "/never"
    end, { concurrency = 2, on_progress = function() error "enough" end })
    assert.matches("enough", err.message)
    assert.equal("done", results[1].value)
    assert.same({ "cancelled", "cancelled", "cancelled" }, {
      results[2].err.kind, results[3].err.kind, results[4].err.kind,
    })
  end)

  it("returns the finished results when it is cancelled", function()
    local results, err = dataworks.run(function()
      local task = dataworks.spawn(dataworks.map, numbers(3), function(item)
        if item == 1 then return "done" end
        return send "/never"
      end, { concurrency = 2 })
      for _ = 1, 3 do transport:sleep(0.001) end
      task:cancel()
      return task:join()
    end)
    assert.equal("cancelled", err.kind)
    assert.equal("done", results[1].value)
    assert.equal("cancelled", results[2].err.kind)
    assert.equal("cancelled", results[3].err.kind)
  end)

  it("lets its items end and raises when it is interrupted, so that the program does not go on", function()
    local folder = shell.output "mktemp -d"
    local file = assert(io.open(folder .. "/map.lua", "w"))
    file:write(([[
      local dataworks = require "dataworks"
      local transport = require("dataworks.transport.choose").new {}
      dataworks.map({ 1, 2, 3, 4 }, function(item)
        if item == 1 then return "done" end
        if item == 4 then -- The others have begun their requests when this sleep ends.
          dataworks.sleep(0.1)
          return io.open(%q, "w"):close()
        end
        local _, err = transport:send({ method = "GET", url = %q, headers = {}, body = "" }, { timeout = 30 })
        print(err.kind)
      end, { concurrency = 3 })
      print "the next line"
    ]]):format(folder .. "/begun", web:url "/never"))
    file:close()
    local output = shell.output(([[%s FOLDER/map.lua >FOLDER/output 2>FOLDER/errors & pid=$!
      for i in $(seq 1000); do [ -e FOLDER/begun ] && break; sleep 0.01; done
      kill -INT $pid; wait $pid; echo $?; cat FOLDER/output; grep -c interrupted! FOLDER/errors; rm -r FOLDER]]):format(shell.interpreter):gsub("FOLDER", folder))
    assert.equal("1\ncancelled\ncancelled\n1", output)
  end)

  it("returns an empty list for an empty list", function()
    assert.same({}, dataworks.map({}, function() end))
    assert.same({}, dataworks.map({ n = 0 }, function() end))
  end)

  it("returns its results and the error of a failed task that an item has spawned", function()
    local results, err = dataworks.map({ 1, 2 }, function(item)
      if item == 1 then dataworks.spawn(function() error "lost" end) end
      return item
    end)
    assert.same({ { value = 1 }, { value = 2 } }, results)
    assert.matches("lost\nstack traceback", err)
  end)

  it("raises misuse at the line that made the mistake", function()
    local function wrong(pattern, ...)
      local arguments = { ... }
      local ok, err = pcall(function()
        dataworks.map(arguments[1], arguments[2], arguments[3])
      end)
      assert.is_false(ok)
      assert.matches("map_spec.lua:%d+: dataworks.map: " .. pattern, err)
    end
    wrong("items must be a list, got a number", 1, print)
    wrong("items%[2%] is nil: the list has a hole", { 1, nil, 3 }, print)
    wrong("items must be a list, got a table that has no item 1", { a = 1 }, print)
    wrong("fn must be a function, as in function", {}, 1)
    wrong("unknown option concurency", {}, print, { concurency = 1 })
    wrong("concurrency must be 1 or more", {}, print, { concurrency = 0 })
  end)
end)
