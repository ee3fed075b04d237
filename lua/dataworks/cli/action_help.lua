-- Describes an action: its parameters, when a call is repeated, and the fields of its reply.

local M = {}

local DESCRIPTIONS = {
  ["2020-05-18"] = "dataworks.api.catalog.descriptions.v20200518",
  ["2024-05-18"] = "dataworks.api.catalog.descriptions.v20240518",
}

local REPEATED = {
  always = "always, because the action only reads",
  token = "with the same ClientToken, so that the action takes effect once",
  unsent = "only if the request certainly did not reach the service",
}

-- The types of the client that mean a text with a meaning of its own.
local TYPES = {
  json = "JSON", array = "JSON list", task_param = "TaskParam", update_param = "TaskParam",
  comma_list = "list of texts",
}

--- Returns the text of the fields of a reply, and the examples of parameters by name.
---@return string fields
---@return table<string, string> examples
local function describe(row)
  local text = require(DESCRIPTIONS[row.version])
  local _, at = text:find("\n" .. row.name .. "\n", 1, true)
  local fields, examples = {}, {}
  for line in text:sub(at + 1, (text:find("\n%u", at) or #text) - 1):gmatch "[^\n]+" do
    local name, example = line:match "^ @(%w+) (.*)$"
    if name then
      examples[name] = example
    else
      fields[#fields + 1] = line
    end
  end
  return table.concat(fields), examples
end

--- Returns the fields of a reply, one a line, those of inner objects indented.
---@param text string
---@return string[] lines
local function reply_lines(text)
  local lines, depth = {}, 1
  for piece in text:gmatch "[%w_%.%-]*[:%w%[%]%*]*[{}]?" do
    local name, rest = piece:match "^([%w_%.%-]*)(.*)$"
    local kind = rest:match "^:?([^{}]*)"
    if name ~= "" then
      local is_object = rest:sub(-1) == "{"
      kind = kind:gsub("%[%]", "list of "):gsub("%*", "map of "):gsub(" :", " ")
      if kind == "" or kind:find " of $" then
        kind = kind .. (is_object and "object" or "string")
      end
      lines[#lines + 1] = ("%s%s: %s"):format(("  "):rep(depth), name, kind)
      depth = depth + (is_object and 1 or 0)
    end
    local _, closed = rest:gsub("}", "")
    depth = depth - closed
  end
  return lines
end

--- Returns the rows of the table of parameters, the required ones first.
function M.params(row, examples)
  local rows = {}
  for _, required in ipairs { true, false } do
    for _, param in ipairs(row.params) do
      if (param.required or false) == required then
        local example = param.values and "one of " .. table.concat(param.values, ", ") or examples[param[1]] or ""
        rows[#rows + 1] = { param[1], TYPES[param[2]] or param[2], param[3], required and "yes" or "no", example }
      end
    end
  end
  return rows
end

--- Prints the description of an action.
---@param row dataworks.Action
---@param context dataworks.cli.Context
function M.print(row, context)
  local fields, examples = describe(row)
  local output = context.output
  output:write(("%s, version %s, %s\n\nParameters:\n"):format(row.name, row.version, row.method))
  if #row.params > 0 then
    output:table({ "NAME", "TYPE", "PLACE", "REQUIRED", "VALUES OR EXAMPLE" }, M.params(row, examples))
  else
    output:write "none\n"
  end
  output:write(("\nA failed call is repeated %s.\n"):format(REPEATED[row.repeatable]))
  if row.list then
    output:write(("dataworks call %s --all prints the items of %s of all pages.\n"):format(row.name, row.list))
  end
  output:write("\nReply:\n" .. table.concat(reply_lines(fields), "\n") .. "\n")
end

return M
