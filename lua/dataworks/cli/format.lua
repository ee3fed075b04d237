-- The command `format`. It prints JSON in its canonical layout.

local call_params = require "dataworks.cli.call_params"
local dataworks = require "dataworks"
local exit_status = require "dataworks.cli.exit_status"
local layout = require "dataworks.cli.json_layout"

local M = {}

M.description = "Prints a JSON file in its canonical layout, one member a line. The order of the members and the "
  .. "spelling of each value stay as they are."
M.arguments = { { "FILE", "the file; - is standard input", complete = "file" } }
M.examples = "  dataworks format task.json"

function M.run(args, context)
  local text, message = call_params.read_unmarked(args.file)
  if not text then
    context:wrong_use(message)
  end
  local value, err = dataworks.decode(text)
  if value == nil then
    message = err.message:gsub(" at line %d+, column.*$", "")
    context.raise(exit_status.REFUSED, ("%s:%d:%d: %s"):format(args.file, err.line, err.column, message))
  end
  context.output:write(layout(text) .. "\n")
  return exit_status.DONE
end

return M
