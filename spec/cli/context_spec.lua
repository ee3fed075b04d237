local shell = require "spec.support.shell"

describe("a command that asks", function()
  local function answer(text)
    local code = [[local context = require("dataworks.cli.context").new({}, "table", {}, io.stdout, "")
      print(select(2, pcall(context.confirm, context, "Delete it?")) or "confirmed")]]
    local program = ("%s -e %s"):format(shell.interpreter, shell.quote(code))
    return (shell.run(("printf %s | script -qec %s /dev/null"):format(shell.quote(text), shell.quote(program))))
  end

  it("goes on after y or yes, in any case, and not after anything else", function()
    for _, text in ipairs { "y\\n", "YES\\n" } do assert.matches("Delete it%? %[y/N%].*confirmed", answer(text)) end
    for _, text in ipairs { "n\\n", "\\n", "yesterday\\n", "\\004" } do assert.is_nil(answer(text):find("confirmed", 1, true)) end
  end)
end)
