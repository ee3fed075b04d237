local files = require "spec.support.files"
local shell = require "spec.support.shell"

describe("tools/words.lua #tools", function()
  local folder

  before_each(function()
    folder = shell.output("mktemp -d")
    shell.output(("mkdir -p %s/tools %s/lua %s/csrc %s/docs %s/spec/vectors && cp tools/words.lua %s/tools")
      :format(folder, folder, folder, folder, folder, folder))
  end)
  after_each(function() shell.output("rm -rf " .. folder) end)

  --- What it prints about one file.
  local function check(path, text)
    files.write(folder .. "/" .. path, text)
    local output, status = shell.run(("cd %s && %s tools/words.lua"):format(folder, shell.interpreter))
    assert.equal(output == "" and 0 or 1, status)
    return output
  end

  it("passes on this tree", function()
    assert.equal("", shell.output(shell.interpreter .. " tools/words.lua"))
  end)

  it("names the file, the line, the word and what to say", function()
    assert.equal("lua/a.lua:2: whoever: say the things by name\n", check("lua/a.lua", "\n-- Whoever waits, wakes.\n"))
  end)

  for what, case in pairs {
    ["a comment"] = { "lua/a.lua", "-- Two requests are under way.\n", "under way" },
    ["a string"] = { "lua/a.lua", 'error("the request was turned away")\n', "turned away" },
    ["a name"] = { "lua/a.lua", "local has_come_over = true\n", "has_come_over" },
    ["a field"] = { "lua/a.lua", "call.cost = 5\n", "call.cost" },
    ["a comment of C"] = { "csrc/a.c", "/* The request\n * is made anew. */\n", "made anew" },
    ["two lines of a comment"] = { "lua/a.lua", "-- Calls that stand\n-- in the line, wait.\n", "stand in the line" },
    ["two joined strings"] = { "lua/a.lua", 'print("nothing, save "\n  .. "for this")\n', "save for" },
    ["a page"] = { "docs/a.md", "Tasks come to nothing.\n", "come to nothing" },
    ["a constant"] = { "lua/a.lua", "local MOST_NAMES = 8\n", "MOST" },
    ["the end of a name"] = { "lua/a.lua", "local function to_put_right() end\n", "put_right" },
  } do
    it("finds a word in " .. what, function()
      local output = check(case[1], case[2])
      assert.is_truthy(output:find(": " .. case[3] .. ": say ", 1, true), output)
    end)
  end

  it("finds a sentence whose subject is a clause with what", function()
    assert.matches("^lua/a.lua:1: What a header: say a noun as the subject\n", check("lua/a.lua",
      "-- What a header does not carry\n-- is left out.\n"))
  end)

  for what, text in pairs {
    ["a part of another word"] = "-- The gateway investigates a walkthrough.\n",
    ["most for a majority"] = "-- Most programs have one client.\n",
    ["a question"] = "-- What is sent, and what is not?\n",
    ["a label"] = "-- What is wrong with an option.\n",
    ["a word of a row that is for another folder"] = "local job = 1\n",
  } do
    it("lets pass " .. what, function() assert.equal("", check("lua/a.lua", text)) end)
  end

  it("lets pass a heading, and data of others", function()
    assert.equal("", check("docs/a.md", "# What is retried, and what is not\n\nText.\n"))
    assert.equal("", check("spec/vectors/a.lua", "-- whoever\n"))
  end)
end)
