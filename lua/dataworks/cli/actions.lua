-- The command `actions`. It lists the actions of the service.

local catalog = require "dataworks.api.catalog"
local exit_status = require "dataworks.cli.exit_status"
local tables = require "dataworks.util.tables"

local M = {}

M.description = "Lists the actions of the service whose names contain WORD."
M.arguments = { { "WORD", "part of a name, in capital or small letters", args = "?" } }
M.format = "table"
M.examples = "  dataworks actions disync"

function M.run(args, context)
  local items, word = {}, (args.word or ""):lower()
  for _, version in ipairs(args.api_version and { args.api_version } or catalog.versions) do
    for _, name in ipairs(tables.sorted_keys(catalog.names(version))) do
      if name:lower():find(word, 1, true) then
        local row = catalog.find(name, version)
        items[#items + 1] = {
          Action = name, Version = version, Reads = row.repeatable == "always", Pages = row.list ~= nil,
        }
      end
    end
  end
  context.output:list(items, { "Action", "Version", "Reads", "Pages" })
  return exit_status.DONE
end

return M
