local catalog = require "dataworks.api.catalog"
local descriptions = require "spec.support.api_description"
local files = require "spec.support.files"
local shell = require "spec.support.shell"

local PATH = "lua/dataworks/api/catalog/annotations.lua"

-- Returns the annotated actions by name: the type of their params, and the text that describes them.
local function read()
  local found = {}
  local text = files.read(PATH)
  for name, params, rest in text:gmatch "\n%-%-%-@field (%w+) fun%(self, params: ([^\n]-), options%?: dataworks%.ActionOptions%): table%?, dataworks%.Error%? ([^\n]+)" do
    found[name] = { params = params, text = rest, deprecated = false }
  end
  for advice, params, name in text:gmatch "\n%-%-%- ([^\n]+)\n%-%-%-@deprecated\n%-%-%-@param params ([^\n]+)\n[^\n]+\n[^\n]+\n[^\n]+\nfunction Client:(%w+)" do
    found[name] = { params = params, text = advice, deprecated = true }
  end
  return found
end

describe("the annotations of the actions #install", function()
  local annotated = read()

  it("are what tools/annotations.lua makes of the descriptions in tools/api", function()
    local path = os.tmpname()
    assert.same({ "", 0 }, { shell.run(("%s tools/annotations.lua %s tools/api/*.json"):format(shell.interpreter, path)) })
    assert.equal("", shell.output(("diff %s %s"):format(path, PATH)))
    os.remove(path)
  end)

  it("have every action, with its versions and its parameters", function()
    for _, version in ipairs(catalog.versions) do
      for _, action in ipairs(descriptions.read(version)) do
        local entry = assert(annotated[action.name], action.name)
        assert.is_truthy(entry.text:find(version, 1, true), action.name)
        for _, param in ipairs(action.params) do
          local mark = param.required and ": " or "?: "
          assert.is_truthy(entry.params:find("[ {]" .. param.name .. mark:gsub("%?", "%%?")), action.name .. "." .. param.name)
        end
      end
    end
    for name in pairs(annotated) do assert.is_truthy(catalog.find(name), name) end
  end)

  it("name what replaces a deprecated action", function()
    local replaced, without = 0, 0
    for _, version in ipairs(catalog.versions) do
      for _, action in ipairs(descriptions.read(version)) do
        local text = annotated[action.name].text
        if action.deprecated and action.replaced_by then
          replaced = replaced + 1
          local name, other = text:match "Deprecated: use (%w+)(.*)%.$"
          assert.is_truthy(catalog.find(name, other:match "^ of version (.*)$" or version), action.name)
          assert.equal(action.replaced_by:match "%S+$", name)
        elseif action.deprecated then
          without = without + 1
          assert.equal("Version 2020-05-18. Deprecated; the provider names no replacement.", text)
        end
        assert.equal(action.deprecated or false, annotated[action.name].deprecated, action.name)
      end
    end
    assert.same({ 38, 24 }, { replaced, without })
    assert.equal("Version 2024-05-18. Deprecated: use CreateDataQualityTemplate.", annotated.CreateDataQualityRuleTemplate.text)
    assert.equal("Version 2020-05-18. Deprecated: use CreateDataQualityScan of version 2024-05-18.", annotated.CreateQualityEntity.text)
  end)
end)
