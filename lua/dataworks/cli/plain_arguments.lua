-- Parses the arguments of a command that need no knowledge of argparse: options with their full names, each value in a
-- word of its own or after "=", and other words. argparse parses everything else, and takes a third of the time of a
-- short command to load.

local M = {}

--- Maps each name of the options, such as "-o" and "--output", to its option.
local function by_name(lists)
  local options = {}
  for _, list in ipairs(lists) do
    for _, option in ipairs(list) do
      for name in option[1]:gmatch "%S+" do
        options[name] = option
      end
    end
  end
  return options
end

--- Splits the arguments into values of options and other words.
---@return table|nil values by option; nil if only argparse understands the arguments
---@return string[]|nil words
local function split(options, argv)
  local values, words, i = {}, {}, 1
  while argv[i] do
    local name, value = argv[i]:match "^(%-%-[^=]+)=(.*)$"
    local option = options[name or argv[i]]
    if not argv[i]:find "^%-." then
      words[#words + 1] = argv[i]
    elseif not option or option.count or name and not option[2] then
      return nil
    elseif option[2] and not name then
      i = i + 1
      value = argv[i]
      if not value or value:find "^%-." then
        return nil
      end
    end
    if option and option.many then
      values[option] = values[option] or {}
      table.insert(values[option], value)
    elseif option then
      values[option] = option[2] and value or true
    end
    i = i + 1
  end
  return values, words
end

--- Stores the words as the values of the arguments. Returns whether there are not too many words.
local function store_words(args, command, words)
  local stored = 0
  for _, argument in ipairs(command.arguments or {}) do
    local name, is_list = argument[1]:lower():gsub("%W", "_"), argument.args == "*" or argument.args == "+"
    args[name] = is_list and {} or words[stored + 1]
    for index = stored + 1, is_list and #words or 0 do
      table.insert(args[name], words[index])
    end
    stored = is_list and #words or stored + 1
  end
  return #words <= stored
end

--- Parses arguments into the table that argparse makes of them.
---@param command dataworks.cli.Command
---@param global dataworks.cli.Option[] the options of all commands
---@param target_of fun(option: dataworks.cli.Option): string the name of an option's value in the table
---@param argv string[]
---@return table|nil args nil if only argparse understands the arguments
function M.parse(command, global, target_of, argv)
  local lists = { command.options or {}, global }
  local values, words = split(by_name(lists), argv)
  local args = {}
  if not values or not store_words(args, command, words) then
    return nil
  end
  for _, list in ipairs(lists) do
    for _, option in ipairs(list) do
      if option.many then
        args[target_of(option)] = values[option] or {}
      elseif option.count then
        args[target_of(option)] = 0
      else
        args[target_of(option)] = values[option]
      end
    end
  end
  return args
end

return M
