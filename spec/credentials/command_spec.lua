local command = require "dataworks.credentials.command"
local shell = require "spec.support.shell"

describe("splitting a command line", function()
  it("splits at blanks outside of quotes", function()
    for line, words in pairs {
      ["a b  c"] = { "a", "b", "c" },
      ["  a\tb\nc  "] = { "a", "b", "c" },
      ["'a b' \"c d\""] = { "a b", "c d" },
      ["a'b c'd\"e f\"g"] = { "ab cde fg" },
      ["tool '' \"\" x"] = { "tool", "", "", "x" },
      ["a\\ b \\'c \\\\"] = { "a b", "'c", "\\" },
      ["a \\\n b\\\nc"] = { "a", "bc" },
      ['"a\\"b\\\\c\\$d\\`e\\nf\\\ng"'] = { 'a"b\\c$d`e\\nfg' },
      ["'a\\b$x'"] = { "a\\b$x" },
      ["$HOME *.c ; | & > #x"] = { "$HOME", "*.c", ";", "|", "&", ">", "#x" },
      ["\195\164 '\195\188'"] = { "\195\164", "\195\188" },
    } do
      assert.same(words, assert(command.split(line)), line)
    end
  end)

  it("agrees with the shell, except for expansions", function()
    for _, line in ipairs { [[a 'b c' "d\"e" f\ g]], [["a b"c'd'  e]], [[a\\b '\' "\\"]], [[x "" '' a""b]] } do
      local expected = shell.output("printf '<%s>' " .. line)
      local words = assert(command.split(line))
      for i, word in ipairs(words) do words[i] = "<" .. word .. ">" end
      assert.equal(expected, table.concat(words))
    end
  end)

  it("refuses an open quote, a backslash at the end, and a line without a program", function()
    for _, line in ipairs { "'a", 'a "b', "a\\", '"a\\"', "'" } do
      assert.same({ nil, "it ends inside a quote or after a backslash" }, { command.split(line) })
    end
    for _, line in ipairs { "", "  ", "'' a", '""', "\\\n" } do
      assert.same({ nil, "it names no program" }, { command.split(line) })
    end
  end)
end)
