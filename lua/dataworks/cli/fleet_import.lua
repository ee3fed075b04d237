-- The command `fleet import`. It writes a manifest and a ledger for tasks that exist.

local core = require "dataworks.core"
local exit_status = require "dataworks.cli.exit_status"
local fleet_options = require "dataworks.cli.fleet_options"
local import = require "dataworks.fleet.import"
local layout = require "dataworks.cli.json_layout"
local opening = require "dataworks.fleet.opening"
local task_spec = require "dataworks.cli.task_spec"
local upkeep = require "dataworks.fleet.upkeep"

local M = {}

M.description = "Writes a new manifest and its ledger for the real-time and offline tasks of a workspace, so that plan "
  .. "and apply manage them from now on. Changes nothing in the service. The service does not list solutions, so that "
  .. "they are not imported."
M.arguments = { { "MANIFEST", "the file to write, as JSON", complete = "file" } }
M.options = {
  task_spec.PROJECT, { "--fleet", "NAME", "the name of the fleet; default: the name of the file" },
  fleet_options.LEDGER, fleet_options.ONLY,
}
M.examples = "  dataworks fleet import orders.json --project 10000 --only 'orders_*'"

--- Writes a file. Ends the command if it cannot be written.
local function write(context, path, text)
  local ok
  local file, message = io.open(path, "wb")
  if file then
    ok, message = file:write(text)
    ok, message = file:close() and ok, message
  end
  if not ok then
    context.raise(exit_status.REFUSED, ("%s cannot be written: %s"):format(path, tostring(message)))
  end
end

--- Ends the command if the file exists, or cannot be written. This is found before the service is asked.
local function check_file(context, path)
  local file = io.open(path, "rb")
  if file then
    file:close()
    context:wrong_use(path .. " exists; import writes a new file")
  end
  write(context, path, "")
  os.remove(path)
end

--- Returns the result of the import. Ends the command if a call failed, or if no task matches.
local function read(args, context)
  local fleet = args.fleet or args.manifest:gsub("^.*/", ""):gsub("%.json$", ""):gsub("[^%w_.-]", "_")
  local head = { project = args.project, region = args.region, fleet = fleet }
  local ok, result, err = pcall(import.read, context:client(), head, opening.matcher(args.only), function(event)
    context.progress:count("reading", event.done, event.total)
  end)
  if not ok and not require("dataworks").is_error(result) then
    error(result, 0)
  elseif not ok or not result then
    context:fail(ok and err or result)
  elseif args.only and #result.tasks + #result.skipped == 0 then
    context:wrong_use("--only: no task of the workspace matches " .. args.only)
  end
  return result
end

function M.run(args, context)
  if args.manifest:find "%.lua$" then
    context:wrong_use "import writes JSON; the name of the file cannot end with .lua"
  end
  check_file(context, args.manifest)
  local result = read(args, context)
  write(context, args.manifest, layout((core.encode(result.manifest))) .. "\n")
  local ok, problem = pcall(fleet_options.with_ledger, context, function(_, ledger)
    upkeep.import(ledger, result.tasks)
    return true
  end)
  if not ok then
    os.remove(args.manifest)
    error(problem, 0)
  end
  for _, task in ipairs(result.skipped) do
    context:say_line(("left out: %s: %s"):format(task.name, task.reason))
  end
  context.output:object { Imported = #result.tasks, LeftOut = #result.skipped, Manifest = args.manifest }
  return exit_status.DONE
end

return M
