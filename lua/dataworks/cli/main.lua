-- The command `dataworks`. It finds the command that the arguments name, parses its arguments, runs it, and returns the
-- exit status.

local commands = require "dataworks.cli.commands"
local core = require "dataworks.core"
local exit_status = require "dataworks.cli.exit_status"
local help_width = require "dataworks.cli.help_width"

local M = {}

local USAGE = "usage: dataworks COMMAND [ARGUMENT...] [OPTION...]"
local SUMMARY = "dataworks creates and runs synchronization tasks of Alibaba Cloud DataWorks, and calls any action "
  .. "of its API."

--- Returns the help about all commands.
---@param columns integer|nil
local function overview(columns)
  local lines, widest = {}, 0
  for _, entry in ipairs(commands.list) do
    widest = math.max(widest, entry.hidden and 0 or #entry[1])
  end
  for _, entry in ipairs(commands.list) do
    local line = ("  %-" .. widest .. "s  %s"):format(entry[1], entry[2])
    lines[#lines + 1] = not entry.hidden and help_width.wrap(line, columns, widest + 4) or nil
  end
  return ("%s\n\n%s\n\nCommands:\n%s\n\n%s\n"):format(help_width.wrap(USAGE, columns, 2),
    help_width.wrap(SUMMARY, columns, 0), table.concat(lines, "\n"),
    help_width.wrap("dataworks COMMAND --help shows the help of a command.", columns, 0))
end

--- Returns the entry of a command, and the number of words of its name.
local function find(word, next_word)
  for _, entry in ipairs(commands.list) do
    if entry[1] == word then
      return entry, 1
    elseif next_word and entry[1] == word .. " " .. next_word then
      return entry, 2
    end
  end
end

--- Returns the index of the argument that names the command. Options of all commands may stand before it.
---@return integer index
---@return string|nil message about an unknown option
local function command_index(argv)
  local i = 1
  if not (argv[1] or ""):find "^%-" then
    return 1
  end
  local takes_value = {}
  for _, option in ipairs(require("dataworks.cli.parser").GLOBAL_OPTIONS) do
    for name in option[1]:gmatch "%S+" do
      takes_value[name] = option[2] ~= false
    end
  end
  while argv[i] and argv[i]:find "^%-" do
    local name = argv[i]:match "^(%-%-[^=]+)=" or argv[i]
    if name:find "^%-%-" and takes_value[name] == nil and name ~= "--version" then
      return i, ("unknown option %s%s"):format(name, require("dataworks.util.nearest").hint(name, takes_value))
    end
    i = i + (takes_value[argv[i]] and 2 or 1)
  end
  return i
end

local function unknown_command(argv, at)
  local nearest = require "dataworks.util.nearest"
  local names, group = {}, {}
  for _, entry in ipairs(commands.list) do
    names[entry[1]] = true
    if entry[1]:match "^%S+" == argv[at] then
      group[#group + 1] = entry[1]:match "^%S+ (.*)$"
    end
  end
  if #group > 0 then
    return ("dataworks %s: name one of %s"):format(argv[at], table.concat(group, ", "))
  end
  if find(argv[at + 1]) then
    return ("dataworks: there is no command %s; did you mean dataworks %s?"):format(argv[at], argv[at + 1])
  end
  local two_words = argv[at] .. (argv[at + 1] and " " .. argv[at + 1] or "")
  local hint = nearest.hint(argv[at], names)
  return ("dataworks: there is no command %s%s"):format(argv[at], hint ~= "" and hint or nearest.hint(two_words, names))
end

--- Writes lines to standard error. Only the first line names the program.
local function say(...)
  for _, line in ipairs { ... } do
    io.stderr:write(require("dataworks.util.text").escape_lines(line), "\n")
  end
end

--- Returns the command line as a shell reads it.
local function quote_words(argv)
  local words = { "dataworks" }
  for i, word in ipairs(argv) do
    words[i + 1] = word:find "^[%w%._/:=@,%-]+$" and word or "'" .. word:gsub("'", "'\\''") .. "'"
  end
  return table.concat(words, " ")
end

--- Writes a text to standard output. Returns the exit status.
local function print_text(stdout, text)
  local ok, message = stdout:write(text)
  if ok then
    ok, message = stdout:flush()
  end
  if ok then
    return exit_status.DONE
  end
  say("dataworks: standard output: " .. tostring(message))
  return exit_status.REFUSED
end

--- Runs the function of a command. Returns its exit status, and the lines of its error.
local function run_command(name, command, args, stdout, command_line)
  local context = require("dataworks.cli.context").new(args, command.format or "json", commands, stdout, command_line)
  local ok, result = xpcall(function()
    if command.changes then
      context:check_read_only("dataworks " .. name)
    end
    return command.run(args, context)
  end, function(fault)
    local is_end = type(fault) == "table" and (fault.lines or fault.closed_pipe)
    return is_end and fault or { fault = debug.traceback(tostring(fault), 2) }
  end)
  pcall(context.close, context)
  if not ok and context.resumable then
    result.resumable = command_line
  end
  return ok and result or nil, result
end

--- Returns the exit status of a command that ended with an error, and writes the error.
local function explain(name, problem)
  if problem.closed_pipe then
    return exit_status.DONE
  elseif problem.status then
    problem.lines[1] = problem.lines[1] and ("dataworks %s: %s"):format(name, problem.lines[1])
    say((table.unpack or unpack)(problem.lines))
    return problem.status
  elseif problem.fault:find "^[^\n]*interrupted!" then
    say(("dataworks %s: interrupted"):format(name), problem.resumable and "go on with: " .. problem.resumable)
    return exit_status.INTERRUPTED
  end
  local version = require "dataworks.version"
  say(("dataworks %s: this is a fault of dataworks itself; please report it with these lines"):format(name),
    "dataworks " .. version, problem.fault)
  return exit_status.FAULT
end

--- Runs a command.
---@param argv string[] the arguments of the process
---@param stdout? file* default: io.stdout
---@return integer status
function M.run(argv, stdout)
  stdout = stdout or io.stdout
  core.occupy_standard()
  local at, problem = command_index(argv)
  local first = argv[1]
  if first == "--version" or first == "version" then
    local version = require "dataworks.version"
    return print_text(stdout, version .. "\n")
  elseif not argv[at] and (first == "--help" or first == "-h") or first == "help" and not argv[2] then
    return print_text(stdout, overview(help_width.of(1)))
  elseif problem then
    say("dataworks: " .. problem, "The options of a command stand after its name; dataworks COMMAND --help lists them.")
    return exit_status.WRONG_USE
  elseif not argv[at] then
    local after = first and " after " .. table.concat(argv, " ") or ""
    say("dataworks: a command is missing" .. after, "", (overview(help_width.of(2)):gsub("\n$", "")))
    return exit_status.WRONG_USE
  end
  local entry, words = find(argv[at], argv[at + 1])
  if not entry then
    say(unknown_command(argv, at), "dataworks --help lists the commands.")
    return exit_status.WRONG_USE
  end
  local rest = {}
  for i, argument in ipairs(argv) do
    rest[#rest + 1] = (i < at or i >= at + words) and argument or nil
  end
  local parser, command, name = require "dataworks.cli.parser", commands.load(entry[1]), entry[1]
  local args, faults = parser.parse(name, command, rest)
  if not args then
    faults[1] = ("dataworks %s: %s"):format(name, faults[1])
    if not command.arguments and find(argv[at + 1]) then
      faults[1] = ("%s; did you mean dataworks %s?"):format(faults[1], argv[at + 1])
    end
    faults[#faults + 1] = parser.usage(name, command)
    faults[#faults + 1] = ("dataworks %s --help shows more."):format(name)
    say((table.unpack or unpack)(faults))
    return exit_status.WRONG_USE
  elseif args.help then
    return print_text(stdout, parser.help(name, command, help_width.of(1)))
  end
  local status, failure = run_command(name, command, args, stdout, quote_words(argv))
  return status or explain(name, failure)
end

return M
