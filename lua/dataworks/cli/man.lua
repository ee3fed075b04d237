-- The hidden command `man`. It prints the manual page, which is made from the declarations of the commands.

local exit_status = require "dataworks.cli.exit_status"
local parser = require "dataworks.cli.parser"

local M = {}

M.description = "Prints the manual page of dataworks."

local HEAD = [[
.TH DATAWORKS 1
.SH NAME
dataworks \- create and run synchronization tasks of Alibaba Cloud DataWorks
.SH SYNOPSIS
.B dataworks
.I COMMAND
[\fIARGUMENT\fR...] [\fIOPTION\fR...]
]]

local EXIT = {
  { "0", "done" }, { "1", "the service or a check refused" }, { "2", "wrong use" },
  { "3", "not finished; the command that goes on is printed" }, { "4", "credentials are missing or refused" },
  { "5", "the service throttles or cannot be reached; try again" }, { "6", "plan --exit-code: there are changes" },
  { "99", "a fault of dataworks itself" }, { "130", "interrupted" },
}

local FILES = {
  { "~/.aliyun/config.json", "profiles, as the command aliyun writes them" },
  { "~/.alibabacloud/credentials", "profiles of the official SDKs" },
  { "$XDG_STATE_HOME/dataworks/", "the states of tasks that are being created" },
}

--- Returns a text as roff prints it: without its special characters.
local function roff(text)
  return (text:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("%f[^\n%z]([.'])", "\\&%1"))
end

local function add_items(lines, items)
  for _, item in ipairs(items) do
    lines[#lines + 1] = (".TP\n\\fB%s\\fR\n%s"):format(roff(item[1]), roff(item[2]))
  end
end

local function add_options(lines, options)
  for _, option in ipairs(options) do
    local names = option[1]:gsub(" ", ", ")
    add_items(lines, { { names .. (option[2] and " " .. option[2] or ""), option[3] } })
  end
end

local function add_command(lines, name, command)
  local usage = parser.usage(name, command):gsub("^usage: ", "")
  lines[#lines + 1] = (".SS %s\n%s"):format(roff(usage), roff(command.description))
  add_items(lines, command.arguments or {})
  add_options(lines, command.options or {})
  if command.examples then
    lines[#lines + 1] = ".PP\nExamples:\n.PP\n.nf\n" .. roff(command.examples) .. "\n.fi"
  end
end

--- Returns the manual page.
---@param commands table the module dataworks.cli.commands
function M.page(commands)
  local lines = { HEAD .. ".SH COMMANDS" }
  for _, entry in ipairs(commands.list) do
    if not entry.hidden then
      add_command(lines, entry[1], commands.load(entry[1]))
    end
  end
  lines[#lines + 1] = ".SH OPTIONS OF ALL COMMANDS"
  add_options(lines, parser.GLOBAL_OPTIONS)
  lines[#lines + 1] = ".SH EXIT STATUS"
  add_items(lines, EXIT)
  lines[#lines + 1] = ".SH FILES"
  add_items(lines, FILES)
  return table.concat(lines, "\n") .. "\n"
end

function M.run(_, context)
  context.output:write(M.page(context.commands))
  return exit_status.DONE
end

return M
