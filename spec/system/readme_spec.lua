local dataworks = require "dataworks"
local actions = require "dataworks.api.actions"
local files = require "spec.support.files"
local shell = require "spec.support.shell"

local readme = files.read "README.md"

local reference = readme
for path in shell.output("ls docs/*.md"):gmatch("[^\n]+") do reference = reference .. files.read(path) end

local function blocks(text)
  local list = {}
  for code in text:gmatch("```lua\n(.-)```") do list[#list + 1] = code end
  return list
end

--- The names that a page's headings have in links.
local function anchors(path)
  local names = {}
  for title in ("\n" .. files.read(path)):gmatch("\n#+ ([^\n]+)") do
    names[title:lower():gsub("[^%w%s_-]", ""):gsub("%s", "-")] = true
  end
  return names
end

local function missing(names)
  local list = {}
  for _, name in ipairs(names) do
    if not reference:find("`" .. name, 1, true) then list[#list + 1] = name end
  end
  table.sort(list)
  return table.concat(list, " ")
end

--- The fields of a documented class.
local function fields(path, class)
  local names, inside = {}, false
  for line in files.read(path):gmatch("[^\n]*") do
    if line:find("^%-%-%-@class") then inside = line:find("^%-%-%-@class " .. class:gsub("%p", "%%%0") .. "%f[:%s%z]") ~= nil end
    names[#names + 1] = inside and line:match("^%-%-%-@field ([%w_]+)") or nil
  end
  assert.is_true(#names > 0, path .. " has no class " .. class)
  return names
end

local function keys(map)
  local names = {}
  for name in pairs(map) do names[#names + 1] = name end
  return names
end

describe("the README and its reference", function()
  it("has relative links whose files and headings exist", function()
    for path in shell.output("ls *.md docs/*.md bench/*.md examples/*/*.md"):gmatch("[^\n]+") do
      local folder = path:match("^(.*/)") or ""
      for link in files.read(path):gsub("```.-```", ""):gmatch("%]%(([^)%s]+)%)") do
        local to, heading = link:match("^([^#]*)#?(.*)$")
        to = to == "" and path or folder .. to
        if not link:find("^%a+:") then
          local file = io.open(to)
          assert.is_truthy(file, ("%s links to %s, which does not exist"):format(path, link))
          file:close()
          if heading ~= "" then
            assert.is_true(anchors(to)[heading] or false, ("%s links to %s, a heading that does not exist"):format(path, link))
          end
        end
      end
    end
  end)

  it("shows make demo first, then make test", function()
    local demo, test = readme:find("make demo", 1, true), readme:find("make test", 1, true)
    assert.is_true(demo < test)
    assert.is_true(test < readme:find("```lua", 1, true))
  end)

  it("names every function and value of the module", function()
    local names = {}
    for name in pairs(dataworks) do names[#names + 1] = "dataworks." .. name end
    assert.equal("", missing(names))
  end)

  it("names every action", function()
    assert.equal("", missing(keys(actions)))
  end)

  it("names every target of make", function()
    local help, names = "\n" .. shell.output("unset MAKEFLAGS MAKELEVEL; make -s help"), {}
    for name in help:gmatch("\n  make (%l[%w-]+)") do names[#names + 1] = "make " .. name end
    assert.equal("", missing(names))
  end)

  it("names every method of a client", function()
    local names = {}
    for name in files.read("lua/dataworks/client.lua"):gmatch("methods[.:]([%l_]+)") do
      names[#names + 1] = "client:" .. name
    end
    assert.is_true(#names > 5)
    assert.equal("", missing(names))
  end)

  it("names every option, every field of an error and of an event", function()
    assert.equal("", missing(fields("lua/dataworks/options.lua", "dataworks.Options")))
    assert.equal("", missing(fields("lua/dataworks/tasks/flow.lua", "dataworks.FlowOptions")))
    assert.equal("", missing(fields("lua/dataworks/tasks/lifecycle.lua", "dataworks.LifeOptions")))
    assert.equal("", missing(fields("lua/dataworks/tasks/waiter.lua", "dataworks.WaitOptions")))
    for _, class in ipairs { "CallOptions", "ActionOptions", "EachOptions" } do
      assert.equal("", missing(fields("lua/dataworks/client.lua", "dataworks." .. class)))
    end
    assert.equal("", missing(fields("lua/dataworks/call/events.lua", "dataworks.Event")))
    assert.equal("", missing(fields("lua/dataworks/error.lua", "dataworks.Error")))
  end)

  it("has classes of options that a checker of annotations does not mix with the types of the options below", function()
    for path in shell.output("find lua -name '*.lua'"):gmatch("[^\n]+") do
      local is_class = false
      for line in files.read(path):gmatch("[^\n]*") do
        if line:find("^%-%-%-@class") then is_class = true
        elseif is_class and not line:find("^%-%-%-") then
          assert.is_nil(line:match("OPTIONS = {") or line:match("FIELDS = {") or line:match("^return {"), path .. ": " .. line)
          is_class = false
        end
      end
    end
  end)

  it("names every setting of the emulator", function()
    assert.equal("", missing(keys(require("dataworks.emulator.settings").defaults())))
  end)

  it("has code blocks that compile", function()
    for _, code in ipairs(blocks(reference)) do
      local load_text = loadstring or load -- luacheck: ignore 113
      assert.is_truthy(load_text(code), code)
    end
  end)

  it("has a first script of at most 14 lines that runs unchanged", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(blocks(readme)[1])
    file:close()
    local output, status = shell.run(("%s bin/dataworks emulator -- %s %s"):format(shell.interpreter, shell.interpreter, path))
    os.remove(path)
    assert.equal(0, status)
    assert.matches("^created file %d+\n$", output)
    assert.is_true(select(2, blocks(readme)[1]:gsub("\n", "\n")) <= 14)
  end)
end)
