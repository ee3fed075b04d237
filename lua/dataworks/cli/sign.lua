-- The command `sign`. It writes a signed request as a configuration of curl.

local call = require "dataworks.cli.call"
local exit_status = require "dataworks.cli.exit_status"
local tables = require "dataworks.util.tables"

local M = {}

M.description = "Signs a call, and writes the request as a configuration file of curl. The signature is a secret for "
  .. "some minutes, so that the command refuses to write to a terminal."
M.arguments = call.arguments
M.options = { call.options[1] }
M.examples = "  dataworks sign ListFiles ProjectId=10000 | curl -K -"

--- Quotes a text as curl reads it. curl knows no escape for other control characters, which a request does not have.
local function quote(text)
  return '"' .. text:gsub('[\\"]', "\\%0"):gsub("\n", "\\n"):gsub("\r", "\\r"):gsub("\t", "\\t") .. '"'
end

function M.run(args, context)
  if context.on_terminal then
    context:wrong_use("a signed request is a secret; write it to a pipe or to a file",
      "for example: dataworks sign " .. args.action .. " ... | curl -K -")
  end
  local row = call.find_action(args.action, context)
  local params = call.build_params(row, context)
  call.check_read_only(row, context)
  local request, err = context:client():request(row.name, params, { version = row.version })
  if not request then
    context:fail(err)
  end
  local lines = { "url = " .. quote(request.url), "request = " .. quote(request.method) }
  for _, name in ipairs(tables.sorted_keys(request.headers)) do
    lines[#lines + 1] = "header = " .. quote(name .. ": " .. request.headers[name])
  end
  if request.body ~= "" then
    lines[#lines + 1] = "data-raw = " .. quote(request.body)
  end
  context.output:write(table.concat(lines, "\n") .. "\n")
  return exit_status.DONE
end

return M
