local help_width = require "dataworks.cli.help_width"
local shell = require "spec.support.shell"

describe("the help of the command", function()
  --- Returns the lines of the help on a terminal with a number of columns; nil: in a pipe.
  local function lines_of(arguments, columns)
    local command = ("%s bin/dataworks %s"):format(shell.interpreter, arguments)
    if columns then
      command = ("script -qec %s /dev/null </dev/null"):format(shell.quote(("stty cols %d; %s"):format(columns, command)))
    end
    local lines = {}
    for line in shell.output(command):gsub("\r", ""):gmatch "[^\n]+" do lines[#lines + 1] = line end
    return lines
  end

  --- Returns the length of the longest line that could be broken and is no example.
  local function widest(lines)
    local length = 0
    for _, line in ipairs(lines) do
      if line == "Examples:" then break end
      length = math.max(length, line:find "%S +%S" and #line or 0)
    end
    return length
  end

  local function words_of(lines)
    local words = {}
    for word in table.concat(lines, " "):gmatch "%S+" do words[#words + 1] = word end
    table.sort(words)
    return words
  end

  for _, arguments in ipairs { "apply --help", "help apply", "create --help", "--help" } do
    it(("is as wide as the terminal, from 40 to 100 columns: dataworks %s"):format(arguments), function()
      local pipe = lines_of(arguments)
      for columns, limit in pairs { [20] = 40, [40] = 40, [66] = 66, [80] = 80 } do
        local lines = lines_of(arguments, columns)
        assert.is_true(widest(lines) <= limit, table.concat(lines, "\n"))
        assert.is_true(#lines >= #pipe)
        assert.same(words_of(pipe), words_of(lines))
      end
      assert.is_true(widest(lines_of(arguments, 300)) <= 100)
    end)
  end

  it("keeps the lines of the examples whole, so that they can be copied", function()
    local example = "  dataworks apply tasks.lua --ledger postgresql://me@db/fleets --limit 5"
    assert.matches(example, table.concat(lines_of("apply --help", 40), "\n"), 1, true)
    example = "  dataworks call CreateDISyncTask --skeleton >params.json; dataworks call CreateDISyncTask -d @params.json"
    assert.matches(example, table.concat(lines_of "call --help", "\n"), 1, true)
  end)

  it("is broken between words, and a word that is too long stands alone", function()
    assert.equal("  a  bb\n  ccc\n  ddddddddddd\n  e", help_width.wrap("  a  bb ccc ddddddddddd e", 8, 2))
    assert.equal("a b", help_width.wrap("a b", nil, 2))
    assert.equal("", help_width.wrap("", 8, 2))
  end)
end)
