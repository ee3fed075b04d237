local files = require "spec.support.files"
local patterns = require "tools.patterns"
local shell = require "spec.support.shell"

describe("tools/patterns.lua #tools", function()
  local folder

  before_each(function()
    folder = shell.output("mktemp -d")
    shell.output(("mkdir -p %s/lua/dataworks/util %s/lua/dataworks/emulator %s/examples %s/bin && cp -r tools %s")
      :format(folder, folder, folder, folder, folder))
  end)
  after_each(function() shell.output("rm -rf " .. folder) end)

  local function run()
    return shell.run(("cd %s && %s tools/patterns.lua"):format(folder, shell.interpreter))
  end

  --- The lines that it prints about one file, without the file's name.
  local function check(text, path)
    path = path or "lua/dataworks/util/a.lua"
    files.write(folder .. "/" .. path, text)
    local output, status = run()
    assert.equal(output == "" and 0 or 1, status)
    return (output:gsub("%f[^%z\n]" .. path:gsub("%p", "%%%0") .. ":", ""))
  end

  it("names the file, the line, the pattern and the reason", function()
    assert.equal('1: the pattern "^%s*(.-)%s*$": two repeated classes can match the same bytes, which are divided between them '
      .. "in every possible way\n", check 'return function(text) return text:match("^%s*(.-)%s*$") end\n')
  end)

  local TWO, START = "two repeated classes can match the same bytes", "it has no ^, so that it is tried at each byte"

  for what, case in pairs {
    ["neighbours that share a run"] = { 'text:match "^%d+%d*$"', TWO },
    ["neighbours with something optional between them"] = { 'text:find("^(%w+):?(%w*)$")', TWO },
    ["repeated classes whose run passes what is between them"] = { 'text:match("^/.*[^/].*/$")', TWO },
    ["a repeated class at the start without ^"] = { 'text:gsub("%s*$", "")', START },
    ["a repeated class behind a byte that it contains"] = { 'text:find "a.*b"', START },
    ["a pair of brackets that may be open"] = { 'text:match "%b()"', START },
    ["many optional items"] = { 'text:match "^%d?%d?%d?%d?%d?%d?$"', "many optional items can match the same bytes" },
    ["a back reference"] = { 'text:match "^(=+).%1"', "a back reference" },
    ["an anchor that gmatch does not know"] = { 'text:gmatch "^[^a]*a"', START },
    ["a function of string"] = { 'string.match(text, "%s+$")', START },
    ["a function of string under another name"] = { "find(text, '%s+$')", START, "local find = string.find\n" },
    ["a function of string that is passed on"] = { 'pcall(string.find, text, "%s+$")', "it is computed" },
    ["a long string"] = { "text:match([[%s+$]])", START },
    ["an escape in a string"] = { [[text:match("\37s+\x24")]], START },
    ["joined strings"] = { 'text:match("%s" .. "+$")', START },
    ["a constant"] = { "text:match(BLANKS)", START, 'local BLANKS = "%s+$"\n' },
    ["a constant joined with another"] = { 'text:match(A .. "$")', START, 'local A, B = "%s+", 1\n' },
    ["a field of a table"] = { "text:match(ROWS.blanks)", START, 'local ROWS = { blanks = "%s+$" }\n' },
    ["an item of a table"] = { "text:match(ROWS[1])", START, 'local ROWS = { "^x", "%s+$" }\n' },
    ["the variable of a loop over a table"] = { "x", START,
      'local ROWS = { "^x", "%s+$" }\nfor _, row in ipairs(ROWS) do text:match(row) end\n' },
    ["the variable of a loop over a list of tables"] = { "x", START,
      'for _, row in ipairs { { "a", "%s+$" } } do text:match(row[2]) end\n' },
    ["a computed pattern"] = { "text:match(name)", "it is computed" },
    ["a formatted pattern"] = { 'text:match(("%s+%%s$"):format(name))', "it is computed" },
    ["a parameter with the name of a constant"] = { "text:match(x)", "it is computed", 'local x = "^a"\nlocal f = function(x) end\n' },
    ["a malformed pattern"] = { 'text:match "[a"', "it is malformed" },
  } do
    it("finds " .. what, function()
      local output = check((case[3] or "") .. "local a = " .. case[1] .. "\n")
      assert.is_truthy(output:find(case[2], 1, true), output)
      assert.equal(1, select(2, output:gsub("\n", "")), output)
    end)
  end

  for what, text in pairs {
    ["classes that share no byte"] = 'text:match "^%s*(%d+)%s*$"',
    ["a repeated class at the end"] = 'text:match "(.*)", text:gsub("%s+", "")',
    ["a repeated class that takes all"] = 'text:match "^%s*(.*)$"',
    ["a frontier that holds once in a run"] = 'text:find "%f[%w]%w+:"',
    ["a byte between that the run lacks"] = 'text:match "^(.-):(%d+)$"',
    ["a plain search"] = "text:find(name, 1, true), text:find('%s*x', 1, true)",
    ["a function of another module"] = "catalog.find(name), catalog.match(name)",
    ["a definition"] = "nil\nfunction M.find(text) return text end\nfunction M:match(text) return text end",
    ["an expected reason"] = 'text:match "%s+$" -- linear: the text has ten bytes at most',
  } do
    it("lets pass " .. what, function() assert.equal("", check("local a = " .. text .. "\n")) end)
  end

  it("reads the reason at the constant, too", function()
    assert.equal("", check 'local A = "%s+$" -- linear: a word\nreturn function(text) return text:match(A) end\n')
  end)

  it("refuses a reason that is empty, or that no pattern needs", function()
    assert.matches("^1: the pattern", check 'local a = text:match "%s+$" -- linear:\n')
    assert.equal("1: no pattern here needs the reason\n", check 'local a = text:match "^%s+$" -- linear: short\n')
  end)

  it("finds a second pattern in another room, and one in an example", function()
    check('local a = text:match "%s+$"\n')
    check('local a = text:match "%d+$"\n', "lua/dataworks/emulator/b.lua")
    check('local a = text:match "%w+$"\n', "examples/c.lua")
    local output = run()
    assert.matches('^examples/c.lua:1: the pattern "%%w%+%$":.*\nlua/dataworks/emulator/b.lua:1: .*\nlua/dataworks/util/a.lua:1: ', output)
  end)

  it("judges a pattern as the matching function does", function()
    for _, pattern in ipairs { "x%s*", "^x.*$", "[^]]*", "[]a]", "^[%w%-]+$", "%%1", "^%(.-%)$", "a-", "^a-b" } do
      assert.is_nil(patterns.fault(pattern), pattern)
    end
    for _, pattern in ipairs { "^.-%s*$", "[^]]*]", "%s-x", "^a*a*b", "^[ab]+[bc]+d", "^%s*%f[x ]%s*x" } do
      assert.is_truthy(patterns.fault(pattern), pattern)
    end
  end)

  it("finds nothing in this project", function()
    assert.same({ "", 0 }, { shell.run(shell.interpreter .. " tools/patterns.lua") })
  end)
end)
