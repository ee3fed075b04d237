-- Prints the items of an action that lists, page after page, and remembers how to go on.

local exit_status = require "dataworks.cli.exit_status"

local M = {}

local NUMBERS = { PageNumber = true, PageNum = true, PageNo = true }
local TOKENS = { NextToken = true, NextPrimaryKey = true }

-- A throttled call is repeated so many times, each time after a longer wait.
local RETRIES = 10

--- Returns the object that holds the list of a reply, and the list.
local function find_list(row, reply)
  local holder, value = {}, reply
  for name in row.list:gmatch "%w+" do
    holder = type(value) == "table" and value or {}
    value = holder[name]
  end
  return holder, value or {}
end

--- Returns the parameter with which a call gets the page after this one; nil if there is none.
local function next_page(row, params, holder, count)
  for _, param in ipairs(row.params) do
    local name = param[1]
    if TOKENS[name] then
      return holder[name] and ("%s=%s"):format(name, holder[name])
    elseif NUMBERS[name] then
      return ("%s=%d"):format(name, (tonumber(params[name]) or 1) + count)
    end
  end
end

--- Prints the items of all pages, one a line. Ends the command if a call fails, and says how to go on.
---@param row dataworks.Action
---@param params table
---@param context dataworks.cli.Context
---@return integer status
function M.print(row, params, context)
  if not row.list then
    context:wrong_use(("the reply of %s has no list, so --all does not apply"):format(row.name))
  end
  if context.args.output and context.args.output ~= "jsonl" then
    context:wrong_use "--all prints one item a line; its only format is jsonl"
  end
  local count, printed, following = 0, 0, nil
  local client = context:client { limit = context.args.limit }
  local options = { version = row.version, pages = true, retries = RETRIES }
  for _, page, err in client:each(row.name, params, options) do
    if err and not following then
      context:fail(err)
    elseif err then
      context:fail(err, ("all items of %d pages were printed; go on with --all %s"):format(count, following))
    end
    local holder, items = find_list(row, page)
    for _, item in ipairs(items) do
      context.output:json(item, true)
    end
    count, printed = count + 1, printed + #items
    following = next_page(row, params, holder, count)
    if not context.on_terminal then -- where the items themselves show the progress
      context.progress:count(row.name, printed, tonumber(holder.TotalCount or holder.Total))
    end
  end
  return exit_status.DONE
end

return M
