local core = require "dataworks.core"
local fake = require "spec.support.fake"
local files = require "spec.support.files"
require "dataworks.api.core_data"

--- Runs a function while package.loaded has other modules under these names.
local function with_loaded(modules, fn)
  local before = {}
  for name, module in pairs(modules) do
    before[name] = package.loaded[name] or false
    package.loaded[name] = module
  end
  local ok, message = pcall(fn)
  for name, module in pairs(before) do package.loaded[name] = module or nil end
  assert(ok, message)
end

describe("the marks of core.decode", function()
  for _, text in ipairs { '{"steps":{},"column":{},"preSql":{}}', '{"steps":[{"parameter":{"column":[],"preSql":{}}}]}', "{}", "[]" } do
    it("keep " .. text, function()
      assert.equal(text, core.encode(core.decode(text)))
    end)
  end

  it("leave it to the content of an object what it is", function()
    local value = core.decode '{"preSql":{}}'
    value.preSql[1] = "x"
    assert.equal('{"preSql":["x"]}', core.encode(value))
  end)
end)

describe("the marks of another JSON library", function()
  describe("dkjson", function()
    local dkjson = require "dkjson"

    for _, text in ipairs {
      '{"map":{},"mode":null,"path":[]}', '[[],{},null,[null],{"a":[]}]', "null", "[]", "{}",
      '{"steps":[{"parameter":{"column":{},"preSql":{}}}]}', '{"steps":[{"parameter":{"column":[],"preSql":{"type":"remove"}}}]}',
    } do
      it("keeps " .. text, function()
        assert.equal(text, core.encode((dkjson.decode(text, 1, dkjson.null))))
      end)
    end

    it("marks only empty tables, as in dkjson itself", function()
      local value = dkjson.decode '{"list":["a"],"map":{"a":1}}'
      value.list[1], value.list.b = nil, 1
      value.map.a, value.map[1] = nil, 2
      assert.equal('{"list":{"b":1},"map":[2]}', core.encode(value))
      assert.equal(dkjson.encode(value, { keyorder = { "list", "map" } }), core.encode(value))
    end)

    it("is null where a script needs a field", function()
      local _, err = core.encode { type = "realtime", setting = { resourceGroup = dkjson.null, taskType = "t" }, steps = {} }
      assert.equal("TaskParam.setting.resourceGroup expected text, got null", err.path .. " " .. err.message)
    end)

    it("has a null that counts as null among parameters", function()
      assert.is_true(core.is_null(dkjson.null))
      assert.is_true(core.is_null(core.null))
      assert.is_true(core.is_null(nil))
      for _, value in pairs { false, 0, "", {}, setmetatable({}, {}) } do assert.is_false(core.is_null(value)) end
      local client, world = fake.client { fake.good { Status = "success", ProcessId = 7 } }
      local task = files.json "spec/scripts/mysql_to_odps.json"
      assert(client:generate { ProjectId = 1, TaskType = "DI_REALTIME", TaskParam = task, ClientToken = dkjson.null })
      assert.is_string(fake.params(world.sent[1]).ClientToken)
    end)

    it("is only looked for when it is loaded", function()
      with_loaded({ dkjson = false }, function()
        assert.equal("{}", core.encode(dkjson.null))
        assert.is_false(package.loaded.dkjson)
      end)
    end)
  end)

  -- This library sets the same fields as OpenResty's lua-cjson, whose empty_array is a light userdata.
  describe("OpenResty's lua-cjson", function()
    local array_mt, empty_array_mt = {}, {}
    local upvalueid = rawget(debug, "upvalueid")
    local light_userdata = upvalueid and upvalueid(function() return core end, 1) -- plain Lua 5.1 can't make any
    local fork = { null = core.null, array_mt = array_mt, empty_array_mt = empty_array_mt, empty_array = light_userdata }

    for _, name in ipairs { "cjson", "cjson.safe" } do
      it("is understood when it is loaded as " .. name, function()
        local others = { cjson = false, ["cjson.safe"] = false }
        others[name] = fork
        with_loaded(others, function()
          assert.equal('{"a":[],"b":[1],"c":[],"d":{"x":1},"e":null}', core.encode {
            a = setmetatable({}, array_mt), b = setmetatable({ 1 }, array_mt), c = setmetatable({}, empty_array_mt),
            d = setmetatable({ x = 1 }, empty_array_mt), e = fork.null,
          })
          if light_userdata then
            assert.equal('{"preSql":[],"x":[]}', core.encode { x = light_userdata, preSql = light_userdata })
            local _, refusal = core.encode {
              type = "realtime", setting = { resourceGroup = "g", taskType = "t" }, steps = light_userdata,
            }
            assert.equal("TaskParam.steps is an empty list", refusal.path .. " " .. refusal.message)
            local request = assert(core.request("A", { version = "v", method = "GET", params = { { "L", "array", "query" } } },
              { L = light_userdata }, {
                signer = core.signer { access_key_id = "i", access_key_secret = "s" }, endpoint = "https://example.com", date = 0,
                nonce = "n",
              }))
            assert.equal("https://example.com/?L=%5B%5D", request.url)
          end
          local text, err = core.encode(setmetatable({ x = 1 }, array_mt))
          assert.is_nil(text)
          assert.matches("expected a list, got a table of names", err.message)
        end)
        assert.equal("{}", core.encode(setmetatable({}, array_mt)))
        assert.is_nil((core.encode { x = light_userdata or print }))
      end)
    end
  end)
end)
