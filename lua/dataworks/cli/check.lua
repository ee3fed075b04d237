-- The command `check`. It finds all faults of files with scripts.

local call_params = require "dataworks.cli.call_params"
local exit_status = require "dataworks.cli.exit_status"
local live_check = require "dataworks.fleet.live_check"
local script_check = require "dataworks.api.script_check"
local task_spec = require "dataworks.cli.task_spec"

local M = {}

M.description = "Finds all faults of files with a TaskParam or a TaskContent, and prints them as FILE:LINE:COLUMN: "
  .. "PATH: MESSAGE, or as -o asks. In a path, lists count from 1. A fault of the JSON syntax hides the others. With "
  .. "--live, also asks the service whether the data sources and the resource group exist."
M.arguments = { { "FILE", "a file with a script as JSON; - is standard input", args = "+", complete = "file" } }
M.options = {
  { "--live", false, "ask the service whether data sources and resource group exist" },
  {
    "--project", "ID", "the id of the workspace, for --live", needs = "--live",
    find_mistake = task_spec.project_mistake,
  },
}
M.examples = "  dataworks check task.json\n  dataworks check --live --project 10000 tasks/*.json"

--- Returns the faults of a text. Asks the service only about a script without faults.
local function faults_of(context, text, live)
  local faults, script = script_check.faults_of_text(text)
  if #faults == 0 then
    faults = script_check.doubts_of_text(text, script)
  end
  if #faults == 0 and live then
    local err
    faults, err = live:faults(script)
    if err then
      context:fail(err)
    end
    script_check.place(text, faults)
  end
  return faults
end

function M.run(args, context)
  if args.live and not args.project then
    context:wrong_use "--live needs --project"
  end
  local found, unreadable, live = {}, false, args.live and live_check.new(context:client(), args.project)
  for _, path in ipairs(args.file) do
    local text, message = call_params.read(path)
    if not text then
      unreadable = true
      context:say_line("dataworks check: " .. message)
    end
    local faults = text and faults_of(context, text, live) or {}
    for _, fault in ipairs(faults) do
      found[#found + 1] = {
        File = path, Line = fault.line or 1, Column = fault.column or 1, Path = fault.path, Message = fault.message,
      }
    end
    if not args.output then
      task_spec.print_faults(path, faults, function(line) context.output:write(line) end)
    end
  end
  if args.output then
    context.output:list(found, { "File", "Line", "Column", "Path", "Message" })
  end
  return unreadable and exit_status.WRONG_USE or #found > 0 and exit_status.REFUSED or exit_status.DONE
end

return M
