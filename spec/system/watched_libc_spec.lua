-- Watches calls of the C library that have no visible result: waiting for the disk, and freeing memory that held a
-- secret.

local files = require "spec.support.files"
local homes = require "spec.support.home"
local native = require "spec.support.native"
local shell = require "spec.support.shell"
local web_support = require "spec.support.web"

describe("under a watched C library #install", function()
  local library, home

  setup(function() library = native.compile("spec/support/watched_libc.c", "-ldl") end)
  teardown(function() os.remove(library) end)
  before_each(function() home = homes.new() end)
  after_each(function() home:remove() end)

  local function run(code, environment)
    environment.LD_PRELOAD = library
    return native.run(code, environment)
  end

  --- Replaces the file "f" in a new process, and prints the results.
  local function replace(environment)
    local path = home:write("f", "old")
    local output = run(([[
      print(require("dataworks.core").write_private(%q, "new"))]]):format(path), environment)
    return output, files.read(path), shell.output("ls -A " .. home.path)
  end

  it("a replaced file is on the disk before it gets its name", function()
    local calls = os.tmpname()
    assert.equal("true\n", (replace { CALLS = calls }))
    assert.equal("write\nfsync\nclose\nrename\n", files.read(calls))
    os.remove(calls)
  end)

  it("a file that cannot be written, flushed, closed or renamed keeps its old content", function()
    for _, name in ipairs { "write", "fsync", "close", "rename" } do
      assert.same({ "nil\tInput/output error\tfalse\n", "old", "f" }, { replace { FAIL = name } }, name)
    end
  end)

  it("a file is written completely by interrupted and short writes", function()
    assert.same({ "true\n", "new", "f" }, { replace { FAIL = "interrupt" } })
  end)

  it("a buffer keeps a block of up to 64 KiB for the next call, and no larger one", function()
    local blocks = home:write("blocks", "")
    assert.equal("0\ttrue\n", run(([[
      local core = require "dataworks.core"
      local function count(size)
        core.encode(("x"):rep(size))
        local before, after = 0, 0
        for _ in io.lines(%q) do before = before + 1 end
        core.encode(("x"):rep(size))
        core.encode(("x"):rep(size))
        for _ in io.lines(%q) do after = after + 1 end
        return after - before
      end
      print(count(65000), count(66000) > 0)]]):format(blocks, blocks), { BLOCKS = blocks }))
  end)

  it("a buffer that a text is written to in pieces takes few blocks, and none of more than twice the size of the text", function()
    for _, count in ipairs { 300, 3000, 35000, 300000 } do
      local blocks = home:write("blocks", "")
      local size, largest, number = run(([[
        local core, list, largest, number = require "dataworks.core", {}, 0, 0
        for i = 1, %d do list[i] = 1 end
        local size = #core.encode(list)
        for line in io.lines(%q) do largest, number = math.max(largest, tonumber(line)), number + 1 end
        print(("%%d %%d %%d"):format(size, largest, number))]]):format(count, blocks), { BLOCKS = blocks }):match "(%d+) (%d+) (%d+)"
      size, largest, number = tonumber(size), tonumber(largest), tonumber(number)
      assert.is_true(largest >= size and largest <= 2 * size, ("a block of %d bytes for %d bytes"):format(largest, size))
      assert.is_true(number <= math.log(size) / math.log(2) - 7, ("%d blocks for %d bytes"):format(number, size))
    end
  end)

  -- The child loses the handles of libcurl, which hold the parent's connection, but nothing else.
  it("a child that closes its parent's session frees the texts of the session's options", function()
    local web, functions, freed = web_support.start(), native.build(), home:write("freed", "")
    local output = run(([[
      local native = package.loadlib(%q, "luaopen_native")()
      local session = require("dataworks.curl").new { ca_file = %q }
      assert(session:send({ method = "GET", url = %q, headers = {} }, 30))
      print(native.fork(function() session:close() end))
      for line in io.lines(%q) do print(line) end]]):format(functions, web.ca_file, web:tls_url("tls", "/connection"), freed),
      { SECRET = web.ca_file, FREED = freed })
    web:stop()
    os.remove(functions)
    assert.equal("done\na block with the secret\n", output)
  end)

  it("no block is freed that still holds a secret", function()
    local freed = home:write("freed", "")
    assert.equal("done\n", run([[
      local core = require "dataworks.core"
      local secret = ("ToKen"):rep(2):lower()
      for _, algorithm in ipairs { "ACS3-HMAC-SHA256", "HMAC-SHA1" } do
        for _, name in ipairs { "access_key_id", "access_key_secret", "security_token", "bearer_token" } do
          local fields = { access_key_id = "id", access_key_secret = "key", algorithm = algorithm }
          fields[name] = secret
          local signer = assert(core.signer(fields))
          for _, size in ipairs { 10, 100000 } do
            assert(core.request("A", { version = "v", method = "POST", params = { { "P", "string", "body" } } },
              { P = ("x"):rep(size) }, { signer = signer, endpoint = "https://example.com", date = 0, nonce = "n" }))
          end
          signer:close()
        end
      end
      collectgarbage()
      print "done"]], { SECRET = "tokentoken", FREED = freed }))
    assert.equal("", files.read(freed))
  end)
end)
