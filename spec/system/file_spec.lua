local core = require "dataworks.core"
local files = require "spec.support.files"
local homes = require "spec.support.home"
local shell = require "spec.support.shell"

describe("a file's stamp", function()
  local home
  before_each(function() home = homes.new() end)
  after_each(function() home:remove() end)

  it("is the same for an unchanged file, and comes with its size", function()
    local path = home:write("f", "12345")
    local stamp, size = core.stamp(path)
    assert.equal(5, size)
    assert.equal(stamp, (core.stamp(path)))
  end)

  it("changes with the content, the mode and the inode", function()
    local path = home:write("f", "12345")
    local first = core.stamp(path)
    home:write("f", "123456")
    local second = core.stamp(path)
    shell.output("chmod 600 " .. path)
    local third = core.stamp(path)
    shell.output(("cp -p %s %s.new && mv %s.new %s"):format(path, path, path, path))
    local fourth = core.stamp(path)
    assert.not_equal(first, second)
    assert.not_equal(second, third)
    assert.not_equal(third, fourth)
  end)

  it("reports a missing file or directory", function()
    assert.same({ nil, "No such file or directory", true }, { core.stamp(home.path .. "/none") })
    assert.same({ nil, "Not a directory", true }, { core.stamp(home:write("f", "") .. "/none") })
  end)

  it("refuses other kinds of files, since they may block a reader", function()
    assert.same({ nil, "not a regular file" }, { core.stamp(home.path) })
    shell.output("mkfifo " .. home.path .. "/pipe")
    assert.same({ nil, "not a regular file" }, { core.stamp(home.path .. "/pipe") })
    assert.same({ nil, "not a regular file" }, { core.stamp "/dev/null" })
  end)

  it("refuses a path with a NUL and an empty path", function()
    assert.error_matches(function() core.stamp "a\0b" end, "no NUL")
    assert.error_matches(function() core.stamp "" end, "not empty")
  end)
end)

describe("lock", function()
  local home
  before_each(function() home = homes.new() end)
  after_each(function() home:remove() end)

  --- Runs a chunk in another process.
  local function other(chunk) return shell.output(("%s -e %s"):format(shell.interpreter, shell.quote("local core = require 'dataworks.core' " .. chunk))) end

  it("locks a file until the process ends", function()
    local path = home.path .. "/lock"
    local try = ("print(core.lock %q)"):format(path)
    assert.equal("true\nfalse", other(("print(core.lock %q) io.stdout:flush() os.execute(%q)"):format(path,
      ("%s -e %s"):format(shell.interpreter, shell.quote("print(require('dataworks.core').lock '" .. path .. "')")))))
    assert.equal("true", other(try))
    assert.equal("-rw-------", shell.output("ls -l " .. path):match "^%S+")
  end)

  it("does not take a removed file for the lock", function()
    local path = home.path .. "/lock"
    assert.equal("true\ntrue", other(("print(core.lock %q) io.stdout:flush() os.remove %q os.execute(%q)"):format(path, path,
      ("%s -e %s"):format(shell.interpreter, shell.quote("print(require('dataworks.core').lock '" .. path .. "')")))))
  end)

  it("reports a folder that does not exist, and refuses an empty path", function()
    assert.same({ nil, "No such file or directory" }, { core.lock(home.path .. "/none/lock") })
    assert.has_error(function() core.lock "" end)
  end)
end)

describe("write_private", function()
  local home
  before_each(function() home = homes.new() end)
  after_each(function() home:remove() end)

  local function mode(path) return shell.output("stat -c %a " .. path) end
  local function listing() return shell.output("ls -A " .. home.path) end

  it("writes a new file that only its owner can read", function()
    local path = home.path .. "/new"
    assert.is_true(core.write_private(path, "a\0b"))
    assert.equal("a\0b", files.read(path))
    assert.equal("600", mode(path))
    assert.equal("new", listing())
  end)

  it("replaces a file as a whole: a reader that has it open keeps the old content", function()
    local path = home:write("f", "old text")
    shell.output("chmod 644 " .. path)
    local reader = assert(io.open(path, "rb"))
    assert.is_true(core.write_private(path, ("new"):rep(100000)))
    assert.equal("old text", reader:read "*a")
    reader:close()
    assert.equal(("new"):rep(100000), files.read(path))
    assert.equal("600", mode(path))
    assert.equal("f", listing())
  end)

  it("replaces the target of a symbolic link", function()
    local path = home:write("real/f", "old")
    shell.output(("ln -s real/f %s/link"):format(home.path))
    assert.is_true(core.write_private(home.path .. "/link", "new"))
    assert.equal("new", files.read(path))
    assert.equal("real/f", shell.output(("readlink %s/link"):format(home.path)))
  end)

  it("leaves no temporary file when it fails", function()
    assert.same({ nil, "No such file or directory", true }, { core.write_private(home.path .. "/none/f", "x") })
    shell.output("mkdir -p " .. home.path .. "/directory/inside")
    local done, message = core.write_private(home.path .. "/directory", "x")
    assert.is_nil(done)
    assert.is_string(message)
    assert.equal("directory", listing())
  end)
end)
