local files_support = require "spec.support.files"
local nginx = require "spec.support.nginx"
local ports = require "spec.support.ports"
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

--- Serves a folder with nginx on a free port of 127.0.0.1. Returns its URL.
local function serve(folder)
  for _ = 1, 20 do
    local port = ports.random()
    files_support.write(folder .. "/nginx.conf", ([[
      pid nginx.pid;
      events {}
      http { access_log off; server { listen 127.0.0.1:%d; root dist; } }]]):format(port))
    if nginx.start(folder) then
      return "http://127.0.0.1:" .. port
    end
  end
  error "nginx found no free port"
end

describe("the release #install", function()
  local version, release = _VERSION:match("%d%.%d"), require("dataworks")._VERSION
  local folder, quoted, tree
  local luarocks = "env -u LUA_PATH -u LUA_CPATH -u LD_PRELOAD no_proxy=127.0.0.1 LUAROCKS_CONFIG=%s/config.lua timeout 300 "
    .. "luarocks --lua-version %s --tree %s/tree "

  -- The archive has the files of the working tree that git knows.
  local function dist(url, umask)
    return shell.output(([[
      export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=tar.umask GIT_CONFIG_VALUE_0=%s
      DIST=%s/dist TREE=%s tools/dist '%s' && sha256sum %s/dist/*]]):format(umask or "0002", quoted, tree, url or "", quoted))
  end

  setup(function()
    folder = shell.output("folder=$(mktemp -d); chmod 755 $folder; echo $folder") -- nginx reads it as another user
    quoted = shell.quote(folder)
    -- git locks its index, which the suites of other interpreters use at the same time.
    tree = shell.output(([[cp "$(git rev-parse --git-path index)" %s/index && GIT_INDEX_FILE=%s/index git stash create]])
      :format(quoted, quoted))
    files_support.write(folder .. "/config.lua",
      ("variables = { CURL_INCDIR = %q, CFLAGS = '-O0 -fPIC' }\nrocks_provided = { argparse = '0.7.1-1' }\n")
      :format(shell.output("pkg-config --variable=includedir libcurl")))
    local url = serve(folder)
    dist(url)
    shell.output((luarocks .. "install %s/dataworks-%s-1.rockspec"):format(folder, version, folder, url, release))
  end)

  teardown(function()
    shell.output(("kill $(cat %s/nginx.pid); rm -rf %s"):format(quoted, quoted))
  end)

  it("has the same bytes when it is made again, whatever the configuration of git says", function()
    assert.equal(dist("http://127.0.0.1:1?a=1&b=2", "0002"), dist("http://127.0.0.1:1?a=1&b=2", "0077"))
    assert.matches('url = "http://127.0.0.1:1?a=1&b=2/dataworks-', files_support.read(
      ("%s/dist/dataworks-%s-1.rockspec"):format(folder, release)), 1, true)
  end)

  it("has a rockspec that differs from the one of the tree in version and source only", function()
    dist()
    local made = files_support.read(("%s/dist/dataworks-%s-1.rockspec"):format(folder, release))
    assert.equal(files_support.read(("rockspec/dataworks-%s-1.rockspec"):format(release)), made)
    shell.output(("luarocks lint rockspec/dataworks-%s-1.rockspec"):format(release))
  end)

  it("is packed as a rock", function()
    local packed = shell.output(("cd %s && " .. luarocks .. "pack dataworks && ls *.rock"):format(quoted, folder, version, folder))
    assert.matches(("dataworks%%-%s%%-1.*%%.rock$"):format(release:gsub("%.", "%%.")), packed)
  end)

  it("has a command that runs, and completes its options", function()
    local command = ("env -u LUA_PATH -u LUA_CPATH %s/tree/bin/dataworks "):format(folder)
    assert.equal(release, shell.output(command .. "--version"))
    assert.equal("call", shell.output(command .. "__complete -- cal"))
  end)

  it("runs the first script of the README against the emulator", function()
    files_support.write(folder .. "/first.lua", files_support.read("README.md"):match "```lua\n(.-)```")
    local output = shell.output(([[
      tree=%s/tree
      export LUA_PATH="$tree/share/lua/%s/?.lua;;" LUA_CPATH="$tree/lib/lua/%s/?.so;;"
      "$tree/bin/dataworks" emulator -- %s %s/first.lua]])
      :format(quoted, version, version, shell.interpreter, quoted))
    assert.matches("created file %d", output)
  end)

  it("exports nothing but the two openers", function()
    for _, name in ipairs { "core", "curl" } do
      local symbols = shell.output(("nm -D --defined-only %s/tree/lib/lua/%s/dataworks/%s.so")
        :format(quoted, version, name))
      assert.matches("^%x+ T luaopen_dataworks_" .. name .. "$", symbols)
    end
  end)
end)
