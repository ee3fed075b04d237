local core = require "dataworks.core"
local fake = require "spec.support.fake"

-- Checks that run raises the message at its first line.
local function raised(message, run)
  local ok, raised_message = pcall(run)
  assert.is_false(ok, message)
  assert.is_truthy(raised_message:find(message, 1, true), raised_message)
  assert.equal(debug.getinfo(run, "S").linedefined, tonumber(raised_message:match "unchecked_spec.lua:(%d+): "), raised_message)
end

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

local function fields(text)
  local map = {}
  for name, value in text:gmatch "([^&=]+)=([^&]*)" do map[unescape(name)] = unescape(value) end
  return map
end

describe("an unchecked call", function()
  local client = fake.client {}

  -- Returns the parts of a request.
  local function parts(action, params, options)
    options.unchecked = true
    local made = assert(client:request(action, params, options))
    return {
      made.method, made.headers["x-acs-action"], made.headers["x-acs-version"], fields(made.url:match "%?(.*)" or ""),
      fields(made.body),
    }
  end

  it("sends an action that the catalog lacks, as a POST with a form", function()
    assert.same({ "POST", "InventThing", "2030-01-02", {}, { Name = "a b", Size = "5", Rate = "0.5", Sure = "false" } },
      parts("InventThing", { Name = "a b", Size = 5, Rate = 0.5, Sure = false, Gone = core.null }, { version = "2030-01-02" }))
  end)

  it("sends its parameters in the query, if the program says so or the method is GET", function()
    assert.same({ "POST", "InventThing", "2030-01-02", { A = "1" }, {} },
      parts("InventThing", { A = 1 }, { version = "2030-01-02", location = "query" }))
    assert.same({ "GET", "ListInventions", "2024-05-18", { A = "1" }, {} },
      parts("ListInventions", { A = 1 }, { version = "2024-05-18", method = "GET" }))
    assert.same({ "PUT", "InventThing", "2024-05-18", {}, { A = "1" } },
      parts("InventThing", { A = 1 }, { version = "2024-05-18", method = "PUT", location = "form" }))
  end)

  it("sends tables as JSON, and names with dots as they are", function()
    assert.same({ Rules = '[{"a":1}]', ["Tags.1.Key"] = "k", Ids = "1,2" },
      parts("InventThing", { Rules = { { a = 1 } }, ["Tags.1.Key"] = "k", Ids = "1,2" }, { version = "2024-05-18" })[5])
  end)

  it("sends a known action by the catalog, with further parameters and without required ones", function()
    assert.same({ "POST", "CreateDIJob", "2024-05-18", { Name = "n" }, { JobSettings = '{"a":1}', Mood = "good" } },
      parts("CreateDIJob", { Name = "n", JobSettings = { a = 1 }, Mood = "good" }, { version = "2024-05-18" }))
    assert.same({ "POST", "ListFiles", "2020-05-18", { Mood = "good" }, { ProjectId = "9007199254740993" } },
      parts("ListFiles", { ProjectId = "9007199254740993", Mood = "good" }, { location = "query" }))
    assert.same({ "GET", "ListFiles", "2020-05-18", { ProjectId = "5" }, {} }, parts("ListFiles", { ProjectId = 5 }, { method = "GET" }))
    assert.same({ ProjectId = "1" }, parts("GetFile", { ProjectId = 1 }, {})[5])
  end)

  it("takes any value for a parameter whose values are known", function()
    assert.equal("DI_NEW", parts("GetDISyncTask", { TaskType = "DI_NEW" }, {})[4].TaskType)
  end)

  it("is retried if it carries a ClientToken, and otherwise only if it was certainly not sent", function()
    local options = { version = "2024-05-18", unchecked = true }
    local lost = { kind = "transport", sent = "unknown", message = "lost" }
    for token, expected in pairs { abc = 2, [false] = 1 } do
      local caller, world = fake.client({ lost, fake.reply { RequestId = "R" } }, { retries = 1 })
      caller:call("InventThing", { ClientToken = token or nil }, options)
      assert.equal(expected, #world.sent)
    end
  end)

  it("works as a call and as a method, with the version of the client", function()
    local caller, world = fake.client({ fake.reply { RequestId = "R" }, fake.reply { RequestId = "R" } }, { version = "2024-05-18" })
    assert(caller:call("InventThing", {}, { unchecked = true }))
    assert(caller:GetTask({ Mood = 1 }, { unchecked = true }))
    assert.same({ "2024-05-18", "InventThing" }, { world.sent[1].headers["x-acs-version"], world.sent[1].headers["x-acs-action"] })
    assert.equal("GetTask", world.sent[2].headers["x-acs-action"])
  end)

  it("refuses a name that a request can't carry", function()
    local made, err = client:request("InventThing", { ["a b"] = 1 }, { version = "2024-05-18", unchecked = true })
    assert.is_nil(made)
    assert.same({ "invalid", "a b" }, { err.kind, err.path })
    made, err = client:request("InventThing", { A = print }, { version = "2024-05-18", unchecked = true })
    assert.same({ nil, "A" }, { made, err.path })
  end)

  it("raises if its options are wrong, or make no sense without unchecked", function()
    local function with(options, action, params)
      options.unchecked = options.unchecked == nil and true or nil
      return client:call(action or "InventThing", params or {}, options)
    end
    local many = {}
    for i = 1, 129 do many["P" .. i] = i end
    raised("call: the version of InventThing is unknown: add it, as in version = \"2024-05-18\"", function() local r = with {} return r end)
    raised("call: version must be a date, as in \"2024-05-18\", got \"latest\"", function() local r = with { version = "latest" } return r end)
    raised("call: method must be one of GET, POST, PUT, got \"post\"", function() local r = with { version = "2024-05-18", method = "post" } return r end)
    raised("call: location must be one of form, query, got \"body\"", function() local r = with { version = "2024-05-18", location = "body" } return r end)
    raised("call: a GET request has no form", function() local r = with { version = "2024-05-18", method = "GET", location = "form" } return r end)
    raised("call: the name of an action has only letters and digits, got \"a b\"", function() local r = with({ version = "2024-05-18" }, "a b") return r end)
    raised("call: a call can have at most 128 parameters", function() local r = with({ version = "2024-05-18" }, "InventThing", many) return r end)
    raised("call: method is for what the catalog lacks: add unchecked = true", function() local r = with({ method = "GET", unchecked = false }, "ListFiles") return r end)
    raised("call: location is for what the catalog lacks", function() local r = with({ location = "form", unchecked = false }, "ListFiles") return r end)
  end)
end)
