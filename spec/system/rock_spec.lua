local shell = require "spec.support.shell"

local files = {}
for path in shell.output("find lua csrc -name '*.lua' -o -name '*.c'"):gmatch("[^\n]+") do
  files[#files + 1] = path
end

local function load_rockspec()
  local rock = {}
  local chunk
  if setfenv then -- luacheck: ignore 113
    chunk = setfenv(assert(loadfile("rockspec/dataworks-dev-1.rockspec")), rock) -- luacheck: ignore 113
  else
    chunk = assert(loadfile("rockspec/dataworks-dev-1.rockspec", "t", rock))
  end
  chunk()
  return rock
end

describe("the rockspec", function()
  local rock = load_rockspec()

  it("lists every Lua module of the tree and no other", function()
    local listed, present = {}, {}
    for name, source in pairs(rock.build.modules) do
      if type(source) == "string" then listed[name] = source end
    end
    for _, path in ipairs(files) do
      local name = path:match("^lua/(.*)%.lua$")
      if name then present[name:gsub("/", ".")] = path end
    end
    assert.same(present, listed)
  end)

  it("lists every C file of the tree once, and those of csrc/shared in both modules", function()
    local listed, present = {}, {}
    for _, source in pairs(rock.build.modules) do
      for _, path in ipairs(type(source) == "table" and source.sources or {}) do
        assert.is_true(not listed[path] or path:find "^csrc/shared/" ~= nil, path .. " is listed twice")
        listed[path] = true
      end
    end
    for _, path in ipairs(files) do
      if path:find("%.c$") then present[path] = true end
    end
    assert.same(present, listed)
  end)

  it("links libcurl to the transport only", function()
    assert.same({ "crypto" }, rock.build.modules["dataworks.core"].libraries)
    assert.same({ "curl" }, rock.build.modules["dataworks.curl"].libraries)
  end)

  it("is accepted by luarocks lint", function()
    shell.output("luarocks lint rockspec/dataworks-dev-1.rockspec")
  end)

  it("agrees with the module and the change log on the version of a release", function()
    local version = require("dataworks")._VERSION
    assert.matches("^%d+%.%d+%.%d+$", version)
    local log = assert(io.open("CHANGELOG.md")):read("*a")
    assert.is_truthy(log:find("\n## " .. version, 1, true), "CHANGELOG.md has no section for " .. version)
    for path in shell.output("ls rockspec"):gmatch("[^\n]+") do
      local released = path:match("^dataworks%-(%d.*)%-%d+%.rockspec$")
      assert.is_true(path == "dataworks-dev-1.rockspec" or released ~= nil, path)
    end
  end)
end)

-- Builds a copy: luarocks leaves its objects beside the sources.
describe("the installed rock #install", function()
  local version = _VERSION:match("%d%.%d")
  local folder, quoted

  setup(function()
    folder = shell.output("mktemp -d")
    quoted = shell.quote(folder)
    local config = assert(io.open(folder .. "/config.lua", "w"))
    config:write(("variables = { CURL_INCDIR = %q }\n"):format(shell.output("pkg-config --variable=includedir libcurl")))
    config:close()
    shell.output("cp -r lua csrc bin rockspec " .. quoted)
    shell.output(("cd %s && LUAROCKS_CONFIG=config.lua luarocks --lua-version %s make --tree tree")
      :format(quoted, version))
  end)

  teardown(function() shell.output("rm -rf " .. quoted) end)

  it("runs the quickstart against the emulator", function()
    local output = shell.output(([[
      tree=%s/tree
      export LUA_PATH="$tree/share/lua/%s/?.lua;;" LUA_CPATH="$tree/lib/lua/%s/?.so;;"
      "$tree/bin/dataworks" emulator -- %s examples/quickstart.lua]])
      :format(quoted, version, version, shell.interpreter))
    assert.matches("FileId", output)
  end)

  it("exports nothing but the two openers", function()
    for _, name in ipairs { "core", "curl" } do
      local symbols = shell.output(("nm -D --defined-only %s/tree/lib/lua/%s/dataworks/%s.so")
        :format(quoted, version, name))
      assert.matches("^%x+ T luaopen_dataworks_" .. name .. "$", symbols)
    end
  end)
end)
