local core = require "dataworks.core"
local files = require "spec.support.files"
local shell = require "spec.support.shell"

local lua = shell.lua == "jit" and "luajit" or "lua" .. shell.lua

describe("OpenSSL in a host program", function()
  local folder, static

  setup(function()
    folder = shell.output "mktemp -d"
    static = folder .. "/static"
  end)
  teardown(function() shell.output("rm -rf " .. folder) end)

  --- Signs a vector, and prints two nonces, in a host program that is compiled with these flags. The prefix begins its
  --- command.
  local function run(flags, build, prefix)
    local host, script = folder .. "/host", folder .. "/script.lua"
    shell.output(("${CC:-cc} -std=gnu11 -rdynamic -o %s spec/support/openssl_host.c %s "
      .. "$(pkg-config --cflags --libs %s) -ldl"):format(host, flags, lua))
    files.write(script, [[
      local core = require "dataworks.core"
      local got = core.sign {
        algorithm = "HMAC-SHA1", method = "GET", params = { A = "1" }, access_key_secret = "secret",
      }
      local acs3 = core.sign {
        method = "POST", access_key_id = "id", access_key_secret = "secret", headers = { host = "example.com" }, body = "b",
      }
      print(got.signature, acs3.signature, core.nonce() ~= core.nonce(), #core.nonce())]])
    return shell.run(("env -u LD_PRELOAD LUA_CPATH=%s/?.so %s %s %s"):format(build or "build/" .. shell.lua, prefix or "", host,
      script))
  end

  local function signed_right()
    local rpc = core.sign { algorithm = "HMAC-SHA1", method = "GET", params = { A = "1" }, access_key_secret = "secret" }
    local acs3 = core.sign {
      method = "POST", access_key_id = "id", access_key_secret = "secret", headers = { host = "example.com" }, body = "b",
    }
    return ("%s\t%s\ttrue\t32\n"):format(rpc.signature, acs3.signature)
  end

  local function assert_refused(flags, name)
    local output, status = run(flags)
    assert.equal(1, status)
    assert.matches("^OpenSSL's functions come from two libraries, .*; build dataworks with a libcrypto of its own: "
      .. "make build CRYPTO=static\n$", output)
    assert.matches(folder .. "/host (" .. name, output, 1, true)
    assert.matches("libcrypto.so.3 (", output, 1, true)
  end

  it("is refused when some functions are the program's and some libcrypto's", function()
    assert_refused("-DFALSE_FUNCTIONS", "EVP_DigestUpdate")
    assert_refused("-DFALSE_FUNCTIONS -DLOAD_FIRST", "EVP_DigestUpdate")
    assert_refused("-DFALSE_INSIDE", "CRYPTO_malloc")
  end)

  it("is refused when a function is of a library at an address above libcrypto's", function()
    local source, library = folder .. "/version.c", folder .. "/version.so"
    files.write(source, "unsigned long OpenSSL_version_num(void) { return 0x30000000; }")
    -- The library is linked for this address, which is free if addresses are not random. Its segment for the stack has the
    -- address 0, below libcrypto.
    shell.output(("${CC:-cc} -fPIC -shared -Wl,-Ttext-segment=0x7ffffc000000 -o %s %s"):format(library, source))
    local fixed = select(2, shell.run "setarch -R true") == 0 and "setarch -R " or ""
    local output, status = run("", nil, ("env LD_PRELOAD=%s %s"):format(library, fixed))
    assert.equal(1, status)
    assert.matches("two libraries, " .. library .. " (OpenSSL_version_num) and ", output, 1, true)
  end)

  it("is used when all functions are the program's, or all libcrypto's", function()
    local libcrypto = shell.output "pkg-config --variable=libdir libcrypto" .. "/libcrypto.a"
    local whole = "-Wl,--whole-archive " .. libcrypto .. " -Wl,--no-whole-archive -pthread"
    for _, flags in ipairs { "", "-DLOAD_FIRST", whole, "-DSTUBS -no-pie -fno-pie -lcrypto" } do
      assert.equal(signed_right(), (run(flags)), flags)
    end
  end)

  it("is not used by a static build #install", function()
    shell.output(("env -u MAKEFLAGS -u MAKELEVEL make -s build-core CRYPTO=static LUA=%s BUILD=%s CFLAGS=-O1")
      :format(shell.lua, static))
    for _, flags in ipairs { "-DFALSE_FUNCTIONS", "-DFALSE_FUNCTIONS -DLOAD_FIRST", "-DFALSE_INSIDE -DLOAD_FIRST" } do
      assert.equal(signed_right(), (run(flags, static)), flags)
    end
    local symbols = shell.output(("nm -D --defined-only %s/dataworks/core.so"):format(static))
    assert.matches("^%x+ T luaopen_dataworks_core$", symbols)
  end)

  it("is checked with each function that core.so calls", function()
    local source = files.read "csrc/core/openssl_origin.c"
    local called = shell.output(("nm -D --undefined-only build/%s/dataworks/core.so"):format(shell.lua))
    local count = 0
    for name in called:gmatch "U ([%w_]+)@OPENSSL" do
      count = count + 1
      assert.matches("X(" .. name .. ")", source, 1, true)
    end
    assert.is_true(count > 20)
  end)
end)
