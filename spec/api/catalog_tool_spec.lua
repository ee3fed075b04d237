local cjson = require "cjson"
local shell = require "spec.support.shell"

local function description(changes)
  local made = {
    version = "2030-01-02", source = "a description of the spec's own",
    actions = {
      ListThings = {
        name = "ListThings", method = "GET",
        params = { { name = "PageNumber", type = "int32", ["in"] = "query" }, { name = "Name", type = "string", required = true, ["in"] = "query" } },
        response = { { name = "Data", type = { object = { { name = "Things", type = { array = "string" } }, { name = "TotalCount", type = "long" } } } } },
      },
      AddThing = {
        name = "AddThing", method = "POST",
        params = {
          { name = "Size", type = "long", required = true, ["in"] = "body" }, { name = "Rate", type = "float", ["in"] = "body" },
          { name = "Parts", type = { array = "string" }, ["in"] = "body" }, { name = "ClientToken", type = "string", ["in"] = "query" },
          { name = "Script", type = { object = {} }, serialize = "json", ["in"] = "query" },
          { name = "Rules", type = { array = { object = {} } }, serialize = "json", ["in"] = "query" },
          { name = "Sure", type = "boolean", ["in"] = "query" },
        },
        response = { { name = "Data", type = { object = { { name = "Status", type = "string" }, { name = "Message", type = "string" } } } } },
      },
      Rest = { name = "Rest", method = "PUT", params = cjson.decode "[]", response = { { name = "Status", type = "boolean" } } },
    },
  }
  if changes then changes(made.actions, made) end
  return made
end

describe("tools/catalog.lua #install", function()
  local folder

  before_each(function() folder = shell.output("mktemp -d") end)
  after_each(function() shell.output("rm -rf " .. shell.quote(folder)) end)

  local function write(name, data)
    local file = assert(io.open(folder .. "/" .. name, "w"))
    file:write(cjson.encode(data))
    file:close()
    return shell.quote(folder .. "/" .. name)
  end

  local function run(data)
    return shell.run(("%s tools/catalog.lua %s %s"):format(shell.interpreter, shell.quote(folder), write("in.json", data)))
  end

  it("writes a line for each action, in order, with its parameters by place", function()
    assert.same({ "", 0 }, { run(description()) })
    local text = dofile(folder .. "/v20300102.lua")
    assert.equal([[

AddThing POST token outcome
 ? ClientToken Rules:array Script:json Sure:boolean
 & Parts:list Rate:double Size:long!
ListThings GET always list=Data.Things
 ? Name! PageNumber:int32
Rest PUT unsent outcome
]], text)
    local header = assert(io.open(folder .. "/v20300102.lua")):read "*a"
    assert.matches("Made by tools/catalog.lua, not by hand, from:\n%-%- a description of the spec's own", header)
  end)

  it("wraps its lines, which the catalog reads again", function()
    local params = {}
    for i = 1, 40 do params[i] = { name = "Parameter" .. i, type = i % 2 == 0 and "long" or "string", ["in"] = "body", required = i == 7 or nil } end
    local data = description(function(actions) actions.AddThing.params = params end)
    assert.same({ "", 0 }, { run(data) })
    local text = dofile(folder .. "/v20300102.lua")
    for line in text:gmatch "[^\n]+" do assert.is_true(#line <= 120) end
    local kept = { package.loaded["dataworks.api.catalog"], package.loaded["dataworks.api.catalog.v20200518"] }
    package.loaded["dataworks.api.catalog"], package.loaded["dataworks.api.catalog.v20200518"] = nil, text
    local catalog = require "dataworks.api.catalog"
    local row, last = catalog.find "AddThing", catalog.find "Rest"
    package.loaded["dataworks.api.catalog"], package.loaded["dataworks.api.catalog.v20200518"] = kept[1], kept[2]
    assert.equal(40, #row.params)
    for _, param in ipairs(row.params) do
      local number = tonumber(param[1]:match "%d+")
      assert.same({ number % 2 == 0 and "long" or "string", "body", number == 7 or nil }, { param[2], param[3], param.required })
    end
    assert.same({ "Rest", 0 }, { last.name, #last.params })
  end)

  it("stops at what it can't represent, and writes nothing", function()
    for message, change in pairs {
      ["AddThing.Size has a type that this script does not know: \"readable\""] = function(actions) actions.AddThing.params[1].type = "readable" end,
      ["AddThing.Size is serialized in a way that this script does not know: simple"] = function(actions) actions.AddThing.params[1].serialize = "simple" end,
      ["AddThing.Size is in a place that this script does not know: header"] = function(actions) actions.AddThing.params[1]["in"] = "header" end,
      ["AddThing.Size has a field that this script does not know: enum"] = function(actions) actions.AddThing.params[1].enum = { 1 } end,
      ["AddThing.Si-ze is no name, or stands twice"] = function(actions) actions.AddThing.params[1].name = "Si-ze" end,
      ["AddThing.Sure is no name, or stands twice"] = function(actions) actions.AddThing.params[1].name = "Sure" end,
      ["ListThings.Name is in the body of a GET request"] = function(actions) actions.ListThings.params[2]["in"] = "body" end,
      ["Rest has a method that this script does not know: PATCH"] = function(actions) actions.Rest.method = "PATCH" end,
      ["Rest has a field that this script does not know: style"] = function(actions) actions.Rest.style = "ROA" end,
      ["Rest has a body that is no form, or a reply that is no JSON"] = function(actions) actions.Rest.reqBodyType = "json" end,
      ["Rest is deprecated, which the tables can't say"] = function(actions) actions.Rest.deprecated = true end,
      ["Rest is no name of an action"] = function(actions) actions.Rest.name = "Rust" end,
    } do
      local output, status = run(description(change))
      assert.equal(1, status)
      assert.is_truthy(output:find(message, 1, true), output)
      assert.equal("in.json", shell.output("ls " .. shell.quote(folder)))
    end
  end)
end)
