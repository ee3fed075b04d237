-- Parses the arguments of one command with argparse. All faults are texts that the function returns; argparse itself
-- ends the process at a fault, and names only the first missing argument.

local argparse = require "argparse"
local help_width = require "dataworks.cli.help_width"
local nearest = require "dataworks.util.nearest"

local M = {}

--- Returns what is wrong with the form of a region. A client with an endpoint does not look at the region.
local function region_mistake(region)
  local _, err = require("dataworks.api.endpoints").host(region)
  return err and err.message
end

---@type dataworks.cli.Option[]
M.GLOBAL_OPTIONS = {
  { "--profile", "NAME", "the profile in the configuration files", complete = "profile" },
  { "--region", "ID", "the region, for example cn-shanghai", complete = "region", find_mistake = region_mistake },
  { "--endpoint", "URL", "the host or the URL of the service; the default follows from the region" },
  { "--network", "NETWORK", "public or vpc", choices = { "public", "vpc" } },
  { "--timeout", "SECONDS", "the time for each call with its retries; default: 30", number = "positive" },
  { "--api-version", "VERSION", "the version of the API", choices = { "2020-05-18", "2024-05-18" } },
  {
    "-o --output", "FORMAT", "table, json (one document) or jsonl (a document a line)",
    choices = { "table", "json", "jsonl" },
  },
  { "--ids", "FORM", "write ids as numbers or as strings", choices = { "number", "string" } },
  { "--read-only", false, "refuse what changes something; also DATAWORKS_READ_ONLY=1" },
  { "-q --quiet", false, "no progress" },
  { "-v", false, "show events; -vv also shows requests, without their secrets", count = "0-2" },
  { "-h --help", false, "show this help" },
}

--- Returns the name under which the value of an option stands in the parsed table: "api_version" for "--api-version".
function M.target(option)
  return ((option[1]:match "%-%-(%S+)" or option[1]:match "^%-(%w)"):gsub("%-", "_"))
end

--- Returns the long name of an option.
local function label(option)
  return option[1]:match "^%-%w (%-%-%S+)$" or option[1]
end

local function add_option(parser, option)
  local element = option[2] and parser:option(option[1]):argname(option[2]) or parser:flag(option[1])
  element:description(option[3]):target(M.target(option))
  if option.many then
    element:count "*"
  elseif option.count then
    element:count(option.count)
  end
  return element
end

--- Returns the usage of a command: its name, its arguments and its required options.
function M.usage(name, command)
  local words = { "usage: dataworks " .. name }
  for _, argument in ipairs(command.arguments or {}) do
    local form = ({ ["?"] = "[%s]", ["*"] = "[%s...]", ["+"] = "%s..." })[argument.args] or "%s"
    words[#words + 1] = form:format(argument[1])
  end
  for _, option in ipairs(command.options or {}) do
    if option.required then
      words[#words + 1] = label(option) .. " " .. option[2]
    end
  end
  words[#words + 1] = "[OPTION...]"
  return table.concat(words, " ")
end

-- The help of a pipe has so many columns. In a narrower terminal, descriptions stand below their options.
local DEFAULT_COLUMNS, NARROW = 100, 72

--- Returns the argparse parser of a command. Required arguments are optional for argparse, so that all missing ones can
--- be named at once.
local function create(name, command, columns)
  columns = columns or DEFAULT_COLUMNS
  local usage = help_width.wrap(M.usage(name, command), columns, 2)
  local parser = argparse("dataworks " .. name):add_help(false):usage(usage)
    :description(command.description):help_max_width(columns):help_description_margin(columns < NARROW and 8 or 28)
  for _, argument in ipairs(command.arguments or {}) do
    parser:argument(argument[1]):args(argument.args == "+" and "*" or argument.args or "?"):description(argument[2])
      :target(argument[1]:lower():gsub("%W", "_"))
  end
  -- argparse does not name an argument too many.
  parser:argument("SURPLUS"):args("*"):hidden(true):target "surplus"
  local own, global = {}, {}
  for _, option in ipairs(command.options or {}) do
    own[#own + 1] = add_option(parser, option)
  end
  for _, option in ipairs(M.GLOBAL_OPTIONS) do
    global[#global + 1] = add_option(parser, option)
  end
  parser:group("Options", (table.unpack or unpack)(own))
  parser:group("Options of all commands", (table.unpack or unpack)(global))
  return parser
end

--- Returns the help of a command. The lines of the examples stay whole, so that they can be copied.
---@param name string
---@param command dataworks.cli.Command
---@param columns integer|nil nil: the number of columns in a pipe
---@return string
function M.help(name, command, columns)
  local examples = command.examples and "\n\nExamples:\n" .. command.examples:gsub("\n$", "") or ""
  return create(name, command, columns):get_help() .. examples .. "\n"
end

local function to_set(list)
  local set = {}
  for _, name in ipairs(list) do
    set[name] = true
  end
  return set
end

--- Returns a fault if a value is not one of the choices.
local function check_choice(what, value, choices)
  local set = to_set(choices)
  if not set[value] then
    return ("%s %s is not one of %s%s"):format(what, value, table.concat(choices, ", "), nearest.hint(value, set))
  end
end

--- Returns a fault if a value is not a number of the kind that an option takes.
local function check_number(name, value, kind)
  local number = tonumber(value)
  if not number then
    return ("%s %s is not a number"):format(name, value)
  elseif kind == "whole" and (number < 1 or number % 1 ~= 0) then
    return ("%s must be a whole number above 0, got %s"):format(name, value)
  elseif kind == "positive" and not (number > 0 and number < math.huge) then
    return ("%s must be a number above 0, got %s"):format(name, value)
  end
end

--- Returns a fault if an option has no effect because of the other options.
local function check_effect(name, option, args)
  if option.needs and not args[M.target { option.needs }] then
    return ("%s has no effect without %s"):format(name, option.needs)
  elseif option.not_with and args[M.target { option.not_with }] then
    return ("%s has no effect with %s"):format(name, option.not_with)
  end
end

--- Appends the faults of the values, and the names of what is missing.
local function check_values(command, args, faults)
  local missing = {}
  if #args.surplus > 0 then
    faults[1] = "too many arguments: " .. table.concat(args.surplus, ", ")
  end
  args.surplus = nil
  for _, argument in ipairs(command.arguments or {}) do
    local value = args[argument[1]:lower():gsub("%W", "_")]
    if argument.args ~= "?" and argument.args ~= "*" and (value == nil or type(value) == "table" and #value == 0) then
      missing[#missing + 1] = argument[1]
    elseif value == "" then
      faults[#faults + 1] = argument[1] .. " is empty"
    elseif argument.choices and type(value) == "string" then
      faults[#faults + 1] = check_choice(argument[1], value, argument.choices)
    end
  end
  for _, options in ipairs { command.options or {}, M.GLOBAL_OPTIONS } do
    for _, option in ipairs(options) do
      local value, name = args[M.target(option)], label(option)
      if value == "" then
        faults[#faults + 1] = name .. " is empty"
      elseif option.required and (value == nil or type(value) == "table" and #value == 0) then
        missing[#missing + 1] = name .. " " .. option[2]
      elseif value and option.choices then
        for _, one in ipairs(type(value) == "table" and value or { value }) do
          faults[#faults + 1] = check_choice(name, one, option.choices)
        end
      elseif value and option.number then
        args[M.target(option)] = tonumber(value)
        faults[#faults + 1] = check_number(name, value, option.number)
      elseif value and option.find_mistake then
        local mistake = option.find_mistake(value)
        faults[#faults + 1] = mistake and ("%s: %s"):format(name, mistake)
      end
      faults[#faults + 1] = value and check_effect(name, option, args) or nil
    end
  end
  for _, name in ipairs(command.also_missing and command.also_missing(args) or {}) do
    missing[#missing + 1] = name
  end
  if #missing > 0 then
    faults[#faults + 1] = "missing: " .. table.concat(missing, ", ")
  end
end

--- Returns a message of argparse, whose second line may be "Did you mean '--all'?", as one line. Each option of one
--- letter is similar to each other one, so that no hint is given there.
local function one_line(message)
  local at = message:find("\nDid you mean ", 1, true)
  if not at then
    return message
  elseif message:find "^unknown option '%-[^-]" then
    return message:sub(1, at - 1)
  end
  return message:sub(1, at - 1) .. "; did you mean " .. message:sub(at + #"\nDid you mean "):gsub("'", "")
end

--- Joins an option and a negative number after it, which argparse would take for an option.
local function join_negative(command, argv)
  local takes_value, joined = {}, {}
  for _, options in ipairs { command.options or {}, M.GLOBAL_OPTIONS } do
    for _, option in ipairs(options) do
      for name in option[1]:gmatch "%S+" do
        takes_value[name] = option[2] and true or nil
      end
    end
  end
  for i, word in ipairs(argv) do
    if word == "--" then
      takes_value = {}
    end
    local before = joined[#joined]
    if word:find "^%-%.?%d" and takes_value[before] and before == argv[i - 1] then
      joined[#joined] = before .. (before:find "^%-%-" and "=" or "") .. word
    else
      joined[#joined + 1] = word
    end
  end
  return joined
end

--- Parses the arguments after the name of a command.
---@param name string
---@param command dataworks.cli.Command
---@param argv string[]
---@return table|nil args values by name; nil if there are faults
---@return string[]|nil faults
function M.parse(name, command, argv)
  local ok, args = create(name, command):pparse(join_negative(command, argv))
  if not ok then
    return nil, { one_line(args) }
  elseif args.help then
    return args
  end
  local faults = {}
  check_values(command, args, faults)
  if #faults > 0 then
    return nil, faults
  end
  return args
end

return M
