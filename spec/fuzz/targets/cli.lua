-- The command line: the words of a command, the parameters of an action, and the options that describe a task.

local bytes = require "spec.fuzz.bytes"
local call_params = require "dataworks.cli.call_params"
local commands = require "dataworks.cli.commands"
local core = require "dataworks.core"
local exit_status = require "dataworks.cli.exit_status"
local main = require "dataworks.cli.main"
local parser = require "dataworks.cli.parser"
local shell_words = require "dataworks.credentials.command"
local task_spec = require "dataworks.cli.task_spec"

local M = {}

--- Runs a function while standard input has a text. Returns what it writes to standard error, and its results.
local function with_streams(input, run, ...)
  local written, stderr, stdin = {}, io.stderr, io.stdin
  local fake = { write = function(_, ...) written[#written + 1] = table.concat { ... } end, flush = function() end }
  local function finish(ok, ...)
    io.stderr, io.stdin = stderr, stdin
    assert(ok, (...))
    return table.concat(written), ...
  end
  io.stderr, io.stdin = fake, { read = function() return input end }
  return finish(pcall(run, ...))
end

local WORDS = {
  "10000", "orders", "json", "number", "vpc", "2020-05-18", "DI_OFFLINE", "bash", "RUNNING", "-", "", "a=b", "x y", "it's", "--", "-x", "--project", "table",
  "jsonl", "1e3", "task", "list", "$HOME", "é",
}

-- What an option most often gets that takes few of the words.
local USUAL = { ["--project"] = "10000", ["--region"] = "cn-shanghai" }

local function option_fits(option, value)
  if option.find_mistake then return option.find_mistake(value) == nil end
  if option.choices then
    for _, choice in ipairs(option.choices) do
      if choice == value then return true end
    end
    return false
  end
  local number = tonumber(value)
  return not option.number or number ~= nil and (option.number == "any" or number > 0 and (option.number ~= "whole" or number % 1 == 0))
end

--- Returns whether an option would have no effect beside the others.
local function is_idle(option, args)
  return option.needs and not args[parser.target { option.needs }] or option.not_with and args[parser.target { option.not_with }]
end

--- A command line in the making: its words, and the arguments that it stands for.
local Line = {}
Line.__index = Line

local function is_option_like(word) return word:find "^%-." ~= nil end

--- Adds an option to a list of words, in one of the forms in which it can be written.
function Line:add_option(words, option, from)
  local target, value = parser.target(option), option[2] and from:pick(WORDS) or true
  if USUAL[option[1]] and from:below(4) > 0 then value = USUAL[option[1]] end
  local short, long = option[1]:match "^%-%w", option[1]:match "%-%-%S+"
  local name = from:below(2) == 0 and short or long or short
  if value == true then
    words[#words + 1] = name
    self.args[target] = not option.count or math.min((self.args[target] or 0) + 1, tonumber(option.count:match "%d+$"))
  else
    if name == long and (is_option_like(value) or from:below(2) == 0) then
      words[#words + 1] = name .. "=" .. value
    elseif name == short and value ~= "" and (is_option_like(value) or from:below(2) == 0) then
      words[#words + 1] = name .. value
    else
      words[#words + 1], words[#words + 2] = name, value
    end
    local list = option.many and self.args[target] or {}
    list[#list + 1] = value
    self.args[target] = option.many and list or value
  end
end

--- Checks the values of the options, of which the last one counts, and converts numbers.
function Line:check_options(options)
  for _, option in ipairs(options) do
    local target = parser.target(option)
    local value = self.args[target]
    for _, one in ipairs(type(value) == "table" and value or { value }) do
      self.wrong = self.wrong or option[2] and not option_fits(option, one)
    end
    self.wrong = self.wrong or value == "" or option.required and value == nil or value and is_idle(option, self.args)
    self.args[target] = option.number and tonumber(value) or value
  end
end

--- Distributes the positional words over the declared arguments.
function Line:place_positionals(declared, words)
  local at = 1
  for _, argument in ipairs(declared) do
    local target, many = argument[1]:lower():gsub("%W", "_"), argument.args == "*" or argument.args == "+"
    local value = words[at]
    if many then
      value = { (table.unpack or unpack)(words, at) }
      at = #words + 1
    else
      at = at + 1
    end
    self.args[target] = value
    local is_missing = value == nil or many and #value == 0
    self.wrong = self.wrong or value == "" or is_missing and argument.args ~= "?" and argument.args ~= "*"
      or not is_missing and argument.choices ~= nil and not option_fits(argument, value)
  end
  self.wrong = self.wrong or #words >= at
end

--- Makes a command line of a command.
local function make_line(name, command, from)
  local self = setmetatable({ argv = {}, args = {} }, Line)
  for _ = 1, from:below(3) do self:add_option(self.argv, from:pick(parser.GLOBAL_OPTIONS), from) end
  for word in name:gmatch "%S+" do self.argv[#self.argv + 1] = word end
  local positionals, own = {}, command.options and #command.options > 0 and command.options or parser.GLOBAL_OPTIONS
  for _ = 1, from:below(8) do
    local kind = from:below(4)
    if kind < 2 then
      local word = from:pick(WORDS)
      if not is_option_like(word) then
        self.argv[#self.argv + 1], positionals[#positionals + 1] = word, word
      end
    else
      self:add_option(self.argv, from:pick(kind == 2 and own or parser.GLOBAL_OPTIONS), from)
    end
  end
  for _, option in ipairs(command.options or {}) do
    if option.required and not self.args[parser.target(option)] and from:below(4) > 0 then self:add_option(self.argv, option, from) end
  end
  if from:below(4) == 0 then
    self.argv[#self.argv + 1] = "--"
    for _ = 1, from:below(3) do
      local word = from:pick(WORDS)
      self.argv[#self.argv + 1], positionals[#positionals + 1] = word, word
    end
  end
  self:place_positionals(command.arguments or {}, positionals)
  self:check_options(command.options or {})
  self:check_options(parser.GLOBAL_OPTIONS)
  self.wrong = self.wrong or command.also_missing ~= nil and #command.also_missing(self.args) > 0
  return self
end

--- What a command can do, and the exit status that follows.
local ENDS = {
  { exit_status.DONE, function() return exit_status.DONE end },
  { exit_status.REFUSED, function() error { status = exit_status.REFUSED, lines = { "refused", "why" } } end },
  { exit_status.DONE, function() error { closed_pipe = true } end },
  { exit_status.INTERRUPTED, function(_, context)
    context:mark_resumable()
    error("interrupted!", 0)
  end },
  { exit_status.FAULT, function() error "a fault" end },
}

local function same(a, b)
  if type(a) == "table" then return type(b) == "table" and table.concat(a, "\1") == table.concat(b, "\1") end
  return a == b
end

--- Runs words as the command would, but with another function in the place of each command's own.
local function run_words(argv, ending)
  local load, found, output = commands.load, {}, {}
  local stdout = { write = function(_, text) output[#output + 1] = text return true end, flush = function() return true end }
  commands.load = function(name)
    return setmetatable({ run = function(args, context)
      found.args, found.line = args, context.command_line
      return ending(args, context)
    end }, { __index = load(name) })
  end
  local ok, errors, status = pcall(with_streams, "", main.run, argv, stdout)
  commands.load = load
  assert(ok, errors)
  assert(status ~= exit_status.WRONG_USE or errors ~= "", "wrong use without a message")
  assert(not errors:find("argparse.lua", 1, true) or table.concat(argv, "\1"):find("argparse.lua", 1, true), errors)
  return status, found, table.concat(output)
end

local function check_line(from)
  local entry, ending = from:pick(commands.list), from:pick(ENDS)
  local command = commands.load(entry[1])
  local line = make_line(entry[1], command, from)
  if #line.argv == 1 and entry[1] == "help" or line.argv[1] == "--help" or line.argv[1] == "-h" then return end
  local status, found, output = run_words(line.argv, ending[2])
  local shown = table.concat(line.argv, " ")
  if line.args.help then
    assert(status == exit_status.DONE and output:find "^usage: dataworks" and not found.args, "no help: " .. shown)
  elseif line.wrong or command.changes and line.args.read_only then
    assert(status == exit_status.WRONG_USE and not found.args, "accepted: " .. shown)
  else
    assert(status == ending[1] and found.args, "refused: " .. shown)
    for name, value in pairs(line.args) do assert(same(value, found.args[name]), name .. " has another value: " .. shown) end
    local words = assert(shell_words.split(found.line))
    assert(table.concat(words, "\1", 2) == table.concat(line.argv, "\1"), "the words are quoted in a wrong way: " .. found.line)
  end
end

M.command_line = {
  planted = { "lua/dataworks/cli/main.lua", "takes_value[argv[i]] and 2 or 1", "takes_value[argv[i]] and #argv[i] ~= 8 and 2 or 1" },
  covers = { "lua/dataworks/cli/main.lua", "lua/dataworks/cli/parser.lua" },
  run = function(text)
    local from = bytes.new(text)
    if from:below(4) > 0 then return check_line(from) end
    local argv = { from:pick { "task", "call", "version", "--version", "help", "-h", "ledger", "x" } }
    if from:below(8) == 0 then argv = {} end
    for _ = 1, from:below(6) do argv[#argv + 1] = from:below(2) == 0 and from:pick(WORDS) or from:word() end
    local status, found = run_words(argv, ENDS[1][2])
    assert(status == exit_status.DONE or status == exit_status.WRONG_USE and not found.args, "a fault of the command")
  end,
}

local path = os.tmpname()
os.remove(path)
path = path:gsub("^/tmp/", "/dev/shm/")

local function write_file(text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local ROW = { params = { { "On", "boolean" }, { "Text", "string" }, { "FileId", "long" } } }

--- Whether two values have the same JSON, or are the same text.
local function is_equal(a, b)
  return a == b or type(a) ~= "string" and type(b) ~= "string" and core.encode(a, true) == core.encode(b, true)
end

--- Makes a word. Returns it with the name and the value that it stands for; no name if it is wrong.
local function parameter(from, content)
  local kind, name = from:below(5), from:pick { "On", "Text", "FileId", "Tag.1", "a_b" }
  if kind == 0 then
    local text = from:pick { "true", "FALSE", "x", from:word() }:gsub("^@+", "")
    if name == "On" and (text:lower() == "true" or text:lower() == "false") then return name .. "=" .. text, name, text:lower() == "true" end
    return name .. "=" .. text, name, text
  elseif kind == 1 then
    local value = from:value()
    local json = core.encode(value, true)
    return name .. ":=" .. (json or "?"), json and name, value
  elseif kind == 2 then
    local json = from:word()
    local value, err = core.decode_unique(json)
    return name .. ":=" .. json, not err and name, value
  elseif kind == 3 then
    return name .. "=@" .. path, name, content
  end
  return from:pick { "", "=", ":=1", "a b=1", "Text", "Text=@/nowhere", "é=1", "Text:=" }
end

M.call_params = {
  planted = { "lua/dataworks/cli/call_params.lua", '"^([%w%._]+)(:?=)(.*)$"', '"^([%w%._]+)(:?=)([^:]*)$"' },
  covers = { "lua/dataworks/cli/call_params.lua" },
  run = function(text)
    local from = bytes.new(text)
    local content, words, expected, wrong = from:word(), {}, {}, 0
    write_file(content)
    local data, object, is_bad = nil, core.decode_unique(content), false
    if from:below(3) == 0 then
      data = from:pick { "@" .. path, "-", "@/nowhere", content }
      if data:find "^@" and data ~= "@" .. path then data = "@/nowhere" end
      is_bad = data == "@/nowhere" or type(object) ~= "table" or core.encode(object, true):sub(1, 1) ~= "{"
      if data == content and (content == "-" or content:find "^@") then data, is_bad = nil, false end
      for name, value in pairs(data and not is_bad and object or {}) do expected[name] = value end
    end
    local is_given = {}
    for i = 1, from:below(5) do
      local word, name, value = parameter(from, content)
      local given = word:match "^[%w%._]+"
      words[i] = word
      if not name or is_given[given] then wrong = wrong + 1 else expected[name] = value end
      is_given[given or ""] = true
    end
    local _, params, messages = with_streams(content, call_params.build, ROW, words, data)
    assert((params == nil) == (wrong > 0 or is_bad), "accepted or refused: " .. table.concat(words, " "))
    if not params then
      assert(#messages == wrong + (is_bad and 1 or 0), "another number of messages")
      return
    end
    for name, value in pairs(expected) do
      assert(is_equal(value, params[name]), name .. " has another value")
      params[name] = nil
    end
    assert(next(params) == nil, "a parameter too many")
  end,
}

local context = {
  wrong_use = function(_, ...)
    assert(type((...)) == "string", "wrong use without a message")
    error { status = exit_status.WRONG_USE }
  end,
}

--- Counts the tables of a script, and checks that each was named.
local function count_tables(connection, named)
  local count = 0
  for _, name in ipairs(connection.table or {}) do
    assert(named[name], "another table")
    count = count + 1
  end
  for _, database in ipairs(connection.selectedTables or {}) do
    for _, info in ipairs(database.schema[1].tableInfos) do
      assert(named[database.dbName .. "." .. info.table], "another table")
      count = count + 1
    end
  end
  return count
end

M.task_options = {
  planted = { "lua/dataworks/cli/task_spec.lua", '"^([^.]+)%.(.+)$"', '"^([^.]+)%.([^.]+)$"' },
  covers = { "lua/dataworks/cli/task_spec.lua:endpoint,tables,build" },
  run = function(text)
    local from, names, named = bytes.new(text), {}, {}
    local prefix = from:pick { "", "shop." }
    for i = 1, from:below(4) do
      local name = prefix .. from:word():gsub("[%s,@]", "")
      if name == prefix or prefix == "" and name:find "[^.]%..+" and not name:find "^%." then name = prefix .. "t" .. i end
      if name:find "^%." then name = "t" .. name:gsub("%.", "") end
      if not named[name] then
        names[#names + 1], named[name] = from:pick { "", " " } .. name, true
      end
    end
    local source, to = from:pick { "mysql:a", "mysql:" .. from:word(), "oracle:a", from:word() }, from:pick { "odps:w", "holo:w", "x:y", from:word() }
    local is_wrong = not source:find "^mysql:." or #names == 0
    local separator = from:pick { ",", "\n" }
    local list = table.concat(names, separator)
    if separator == "\n" then
      write_file(list)
      list = "@" .. path
    end
    local group = from:pick { "g", from:word() }
    local _, ok, built = with_streams("", pcall, task_spec.build, { from = source, tables = list, to = to, resource_group = group }, context)
    if not ok then
      assert(type(built) == "table" and built.status == exit_status.WRONG_USE, built)
      assert(is_wrong or group == "" or to ~= "odps:w" and to ~= "holo:w", "right options are refused")
      return
    end
    assert(not is_wrong, "wrong options are accepted")
    assert(count_tables(built.steps[1].parameter.connection[1], named) == #names, "a table is lost")
  end,
}

return M
