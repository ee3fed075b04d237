-- The hidden command `__complete`, which the completion of a shell calls. It prints the words that can stand in the
-- place of the last word, one a line. It reads only files, and never calls the service.

local catalog = require "dataworks.api.catalog"
local core = require "dataworks.core"
local exit_status = require "dataworks.cli.exit_status"
local state_file = require "dataworks.cli.state_file"
local tables = require "dataworks.util.tables"

local M = {}

M.description = "Prints the words that can stand in the place of the last word."
M.arguments = { { "WORD", "the words after dataworks; the last one is being typed", args = "*" } }

--- Returns the names of the profiles in a text of JSON or of the form [name].
local function profiles()
  local home, names = os.getenv "HOME" or "", {}
  for path, pattern in pairs {
    ["/.aliyun/config.json"] = '"name"%s?:%s?"([^"]+)"', ["/.alibabacloud/credentials"] = "\n%[(%w[%w_%-]*)%]",
  } do
    local file = io.open(home .. path, "rb")
    for name in (file and "\n" .. file:read "*a" or ""):gmatch(pattern) do
      names[name] = true
    end
    if file then
      file:close()
    end
  end
  return tables.sorted_keys(names)
end

local function regions()
  local names = {}
  for _, set in pairs(require("dataworks.api.endpoints").REGIONS) do
    for name in pairs(set) do
      names[name] = true
    end
  end
  return tables.sorted_keys(names)
end

--- Returns the parameters of the action among the words, each with "=" at its end, or the values of the one being
--- typed.
local function parameters(words, typed)
  local row
  for i = 1, #words - 1 do
    row = row or catalog.find(words[i])
  end
  local list, name = {}, typed:match "^(%w+)="
  for _, param in ipairs(row and row.params or {}) do
    if not name then
      list[#list + 1] = param[1] .. "="
    elseif param[1] == name then
      local values = param.values or param[2] == "boolean" and { "true", "false" } or {}
      for _, value in ipairs(values) do
        list[#list + 1] = name .. "=" .. value
      end
    end
  end
  return list
end

--- Returns the paths of the states in the default folder.
local function state_files()
  local folder, paths = state_file.folder(), {}
  for name in (folder and core.run({ "ls", "--", folder }, 5, 1e6) or ""):gmatch "[^\n]+" do
    paths[#paths + 1] = folder .. "/" .. name
  end
  return paths
end

local SOURCES = {
  action = function() return tables.sorted_keys(catalog.names()) end,
  parameter = parameters, profile = profiles, region = regions, state = state_files,
}

--- Returns the names of commands that can follow the given words.
local function command_names(commands, first)
  local list, seen = {}, {}
  for _, entry in ipairs(commands.list) do
    local name = entry[1]
    local rest = first and name:match "^(%S+) " == first and name:match "^%S+ (.*)$" or not first and name:match "^%S+"
    if rest and not entry.hidden and not seen[rest] then
      seen[rest] = true
      list[#list + 1] = rest
    end
  end
  return list
end

--- Returns the command that the words name, and the number of words of its name.
local function find_command(commands, words)
  for count = 2, 1, -1 do
    local name = table.concat(words, " ", 1, math.min(count, #words - 1))
    for _, entry in ipairs(commands.list) do
      if entry[1] == name then
        return commands.load(name), count
      end
    end
  end
end

--- Returns the option whose value is being typed.
local function option_before(command, word)
  for _, options in ipairs { command and command.options or {}, require("dataworks.cli.parser").GLOBAL_OPTIONS } do
    for _, option in ipairs(options) do
      for name in option[1]:gmatch "%S+" do
        if option[2] and name == word then
          return option
        end
      end
    end
  end
end

local function option_names(command)
  local list = {}
  for _, options in ipairs { command and command.options or {}, require("dataworks.cli.parser").GLOBAL_OPTIONS } do
    for _, option in ipairs(options) do
      list[#list + 1] = option[1]:match "%-%-%S+" or option[1]
    end
  end
  return list
end

--- Returns what can stand in the place of a value.
local function values_of(declared, words, typed)
  local source = SOURCES[declared.complete]
  return declared.choices or source and source(words, typed) or {}
end

--- Returns all words that can stand in the place of the last one.
local function candidates(commands, words)
  local typed = words[#words]
  local command, count = find_command(commands, words)
  local option = #words > 1 and option_before(command, words[#words - 1])
  if option then
    return values_of(option, words, typed)
  elseif typed:find "^%-" then
    return option_names(command)
  elseif not command then
    return command_names(commands, #words > 1 and words[#words - 1] or nil)
  end
  local position = 0
  for i = count + 1, #words do
    position = position + (words[i]:find "^%-" and 0 or 1)
  end
  local arguments = command.arguments or {}
  local argument = arguments[math.min(math.max(position, 1), #arguments)]
  return argument and values_of(argument, words, typed) or {}
end

function M.run(args, context)
  local words = args.word
  local typed = words[#words]
  for _, word in ipairs(typed and candidates(context.commands, words) or {}) do
    if word:sub(1, #typed) == typed then
      context.output:write(word .. "\n")
    end
  end
  return exit_status.DONE
end

return M
