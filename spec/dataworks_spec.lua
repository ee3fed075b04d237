local dataworks = require "dataworks"
local fake = require "spec.support.fake"

-- Checks that a call raises a message with the line of the function `call`, which has one line.
local function raised(pattern, call)
  local ok, message = pcall(call)
  assert.is_false(ok, pattern)
  assert.matches(pattern, tostring(message))
  local line = debug.getinfo(call, "S").linedefined
  assert.equal(line, tonumber(tostring(message):match "dataworks_spec.lua:(%d+): "), tostring(message))
end

local function generating()
  return { ProjectId = 10, TaskType = "DI_REALTIME", TaskParam = dataworks.task {
    from = { mysql = "m", tables = { "t" } }, to = { odps = "o" }, resource_group = "g",
  } }
end

describe("a function of the module", function()
  it("raises when it is called with a colon", function()
    for name, value in pairs(dataworks) do
      if type(value) == "function" then
        raised(("dataworks:%s: call it with a dot, as in dataworks.%s%%(%%.%%.%%.%%)"):format(name, name),
          function() local r = dataworks[name](dataworks, {}) return r end)
        raised("call it with a dot", function() local r = dataworks[name](dataworks) return r end)
      end
    end
  end)

  it("raises when it does not exist, and names the nearest or the method of a client", function()
    raised("dataworks has no function genrate; did you mean generate%?", function() return dataworks.genrate {} end)
    raised("dataworks.wait: it is a method of a client, as in client:wait%(%.%.%.%)", function() return dataworks.wait {} end)
    raised("dataworks.ListFiles: it is a method of a client", function() return dataworks.ListFiles {} end)
    assert.is_nil(dataworks._NAME)
    assert.is_nil(dataworks[1])
  end)
end)

describe("dataworks.generate", function()
  it("takes the options of dataworks.new and of a call, and closes the client that it makes", function()
    local _, world = fake.client {}
    local transport, seen = {}, {}
    function transport.send(_, request, limits)
      seen[#seen + 1] = { request.url:match "^[^?]*", limits.timeout }
      return fake.good { Status = "success", ProcessId = 7 }
    end
    transport.sleep, transport.close = world.transport.sleep, function() seen.closed = true end
    local result = assert(dataworks.generate(generating(), {
      endpoint = "https://one.example.com", access_key_id = "i", access_key_secret = "s", transport = transport,
      timeout = 9, retries = 0, clock = function() return 5 end,
    }))
    assert.equal(7, result.Data.ProcessId)
    assert.same({ { "https://one.example.com/", 9 } }, seen)
  end)

  it("raises for a wrong option under its own name", function()
    raised("dataworks.generate: unknown option regoin; did you mean region%? The options are access_key_id, ",
      function() return dataworks.generate(generating(), { regoin = "x" }), nil end)
    raised("dataworks.generate: access_key_id and access_key_secret belong together; access_key_secret is missing",
      function() return dataworks.generate(generating(), { access_key_id = "x" }), nil end)
    raised("dataworks.generate: timeout must be a number of seconds above 0, got a string; write the number without quotes",
      function() return dataworks.generate(generating(), { timeout = "5" }), nil end)
  end)
end)

describe("dataworks.sign", function()
  it("raises at the line of the program, with and without pcall", function()
    raised("dataworks.sign: method must be a string, got nil", function() return dataworks.sign {}, nil end)
    raised("dataworks.sign: unknown field acces_key_secret; did you mean access_key_secret%?",
      function() return dataworks.sign { method = "GET", acces_key_secret = "x" }, nil end)
    raised("dataworks.sign: access_key_secret must be a string, got a number$",
      function() return dataworks.sign { method = "GET", access_key_secret = 12345678 }, nil end)
    local line = debug.getinfo(1, "l").currentline + 1
    local _, message = pcall(dataworks.sign, { method = "GET", access_key_secret = "x", query = { a = {} }, access_key_id = "i" })
    assert.equal(("spec/dataworks_spec.lua:%d: dataworks.sign: query.a must be a string, a number or a boolean, got table"):format(line),
      (message:gsub("^%./", "")))
  end)
end)

describe("dataworks.list", function()
  it("returns the marked table, and raises for any other value", function()
    local list = {}
    assert.equal(list, dataworks.list(list))
    assert.equal("[]", dataworks.encode(list))
    raised("dataworks.list: list must be a table, got a string", function() return dataworks.list "a", nil end)
  end)
end)
