-- Which nginx the emulator, the example and the specs start.

local files = require "spec.support.files"
local shell = require "spec.support.shell"

-- Stands for an nginx: the arguments of its build, and whether it starts with modules, without, or never.
local STUB = [[
#!/bin/sh
if [ "$1" = -V ]; then echo 'configure arguments: --prefix=/opt BUILD' >&2; exit; fi
all=$*
while [ $# -gt 0 ]; do
  case $1 in -p) prefix=$2 ;; -c) config=$2 ;; esac
  shift
done
case $config in /*) ;; *) config=$prefix$config ;; esac
case "$all $(cat "$config")" in
  *load_module*) [ STARTS = modules ] || { echo 'module is not binary compatible' >&2; exit 1; } ;;
  *) [ STARTS = built-in ] || { echo 'unknown directive' >&2; exit 1; } ;;
esac
echo "$all" | grep -q -- '-t ' || echo "runs $0"
]]

local BUILT_IN = "--add-module=../ngx_devel_kit-0.3.4 --add-module=../ngx_lua-0.10.29 --add-module=../ngx_stream_lua-0.0.17"
local OTHER_LUA = "--add-module=../ngx_lua_upstream-0.07 --add-module=../ngx_stream_lua-0.0.17 --with-luajit"

describe("the nginx to start", function()
  local directory

  before_each(function() directory = shell.output "mktemp -d /tmp/dataworks-nginx-spec.XXXXXX" end)
  after_each(function() shell.run("rm -rf " .. directory) end)

  local function stub(name, build, starts)
    files.write(directory .. "/" .. name, (STUB:gsub("BUILD", build):gsub("STARTS", starts)))
    shell.output(("chmod +x %s/%s"):format(directory, name))
  end

  --- Makes a folder with files that look like modules.
  local function add_modules()
    shell.output(("mkdir -p %s/modules && cd %s/modules && touch ndk_http_module.so ngx_http_lua_module.so"):format(directory, directory))
    return directory .. "/modules"
  end

  --- The output of a command, in which FOLDER stands for the directory.
  local function output_of(command)
    return (shell.run(command):gsub(directory:gsub("%p", "%%%0"), "FOLDER"))
  end

  local function environment(more)
    return ("env -u DATAWORKS_NGINX %s PATH=%s:$PATH"):format(more or "", directory)
  end

  local function find(more)
    return output_of(("%s %s -e %s"):format(environment(more), shell.interpreter, shell.quote [[
      local found, message = require("dataworks.emulator.nginx.program").find()
      print(found and found.path .. " " .. found.module_lines or message)
    ]]))
  end

  local function run_example(more)
    return output_of(("%s PORT=1 STATE=%s/state examples/openresty/run"):format(environment(more), directory))
  end

  it("loads no module when Lua is built in, though files of modules lie about", function()
    stub("nginx", BUILT_IN, "built-in")
    stub("openresty", BUILT_IN, "built-in")
    local modules = "DATAWORKS_NGINX_MODULES=" .. add_modules()
    assert.equal("FOLDER/nginx \n", find(modules))
    assert.equal("The page is at http://127.0.0.1:1/\nruns FOLDER/openresty\n", run_example(modules))
  end)

  it("loads the modules of its own build when Lua is not built in", function()
    local build = OTHER_LUA .. " --modules-path=" .. add_modules()
    stub("nginx", build, "modules")
    stub("openresty", build, "modules")
    assert.equal('FOLDER/nginx load_module "FOLDER/modules/ndk_http_module.so";\n'
      .. 'load_module "FOLDER/modules/ngx_http_lua_module.so";\n', find())
    assert.equal("The page is at http://127.0.0.1:1/\nruns FOLDER/openresty\n", run_example())
  end)

  it("is the next one when one has no Lua or does not start with it", function()
    for build, starts in pairs { [BUILT_IN] = "never", ["--modules-path=" .. add_modules()] = "never", ["--modules-path=/nowhere"] = "never" } do
      stub("nginx", build, starts)
      stub("openresty", BUILT_IN, "built-in")
      assert.equal("FOLDER/openresty \n", find())
      stub("nginx", BUILT_IN, "built-in")
      stub("openresty", build, starts)
      assert.matches("The page is at http://127.0.0.1:1/\nruns FOLDER/nginx\n", run_example(), 1, true)
    end
  end)

  it("is missing with a reason for each one that was tried", function()
    stub("nginx", "--modules-path=/nowhere", "never")
    local only = "DATAWORKS_NGINX=" .. directory .. "/nginx DATAWORKS_NGINX_MODULES=/nowhere"
    assert.equal("FOLDER/nginx has no Lua module (ngx_http_lua_module.so in /nowhere); "
      .. "on Debian: apt-get install nginx libnginx-mod-http-lua\n", find(only))
    assert.equal("FOLDER/nginx has no Lua module\nThe service needs an nginx that runs Lua; on Debian: "
      .. "apt-get install nginx libnginx-mod-http-lua\n", run_example(only))
    stub("nginx", BUILT_IN, "never")
    assert.matches("nginx does not start with Lua: unknown directive; on Debian", find(only), 1, true)
    assert.matches("^unknown directive\n", run_example(only))
  end)

  it("is found by the specs through DATAWORKS_NGINX alone", function()
    assert.equal("", (shell.run [[
      grep -rnE '(/usr/s?bin/|[^-.A-Za-z_])nginx -p|load_module /|/usr/sbin/nginx' spec bench | grep -v '^spec/system/nginx_spec.lua:'
    ]]))
  end)

  it("is built from source packages, and skipped with a word where there are none", function()
    shell.output(("mkdir %s/tools %s/bin && cp tools/build_nginx %s/tools"):format(directory, directory, directory))
    for _, name in ipairs { "apt-get", "apt-cache" } do
      files.write(("%s/bin/%s"):format(directory, name), "#!/bin/sh\nexit 100\n")
    end
    files.write(directory .. "/bin/dpkg-source", "#!/bin/sh\n")
    shell.output(("chmod +x %s/bin/*"):format(directory))
    local output, status = shell.run(("PATH=%s/bin:$PATH %s/tools/build_nginx"):format(directory, directory))
    assert.same({ "no source package of nginx can be downloaded\n", 3 }, { output, status })
    shell.output(("rm %s/bin/apt-get && ln -s $(command -v dirname) $(command -v sh) %s/bin"):format(directory, directory))
    output, status = shell.run(("PATH=%s/bin %s/tools/build_nginx"):format(directory, directory))
    assert.same({ "Debian's source packages need apt-get and dpkg-dev\n", 3 }, { output, status })
  end)
end)
