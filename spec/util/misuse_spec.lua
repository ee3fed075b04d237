local misuse = require "dataworks.util.misuse"
local options = require "dataworks.util.check_options"

describe("misuse", function()
  local function line_of(run)
    local ok, message = pcall(run)
    assert.is_false(ok)
    local line, text = message:match "^spec/util/misuse_spec.lua:(%d+): (.*)$"
    return tonumber(line), text, message
  end

  local function misuses() misuse "the reason" end

  it("raises at the line that made the mistake", function()
    local line, text = line_of(misuses)
    assert.same({ debug.getinfo(misuses, "S").linedefined, "the reason" }, { line, text })
  end)

  it("skips every frame of the library, at any depth, and those of dataworks.lua", function()
    local dataworks = require "dataworks"
    local function option() local client = dataworks.new { no_such_option = 1 } return client end
    local function spawning() local task = dataworks.spawn(print) return task end
    local function checking() local given = options.check("x", {}, { y = 1 }) return given end
    for _, run in ipairs { option, spawning, checking } do
      assert.equal(debug.getinfo(run, "S").linedefined, (line_of(run)))
    end
  end)

  it("skips C functions, and blames a callback that C calls", function()
    local function sorting() table.sort({ 1, 2, 3 }, misuses) end
    assert.equal(debug.getinfo(misuses, "S").linedefined, (line_of(sorting)))
    local _, _, message = line_of(function() local ok, err = pcall(misuse, "direct") assert(not ok) error(err, 0) end)
    assert.matches(": direct$", message)
  end)

  it("has no position when no frame of the program is left", function()
    local ok, message = coroutine.resume(coroutine.create(misuse), "alone")
    assert.is_false(ok)
    assert.equal("alone", message)
  end)
end)
