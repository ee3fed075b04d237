-- Iterates over the list in the replies of an action, page after page. A page is requested when the loop needs its
-- items.

local core = require "dataworks.core"
local errors = require "dataworks.error"
local tables = require "dataworks.util.tables"

local M = {}

-- The parameters that hold the number of a page, and the parameters that hold a token. The reply of a page has the
-- token of the next page, under the same name.
local NUMBERS = { PageNumber = true, PageNum = true, PageNo = true }
local TOKENS = { NextToken = true, NextPrimaryKey = true }

-- The page size that is sent if the action requires a page size and the program gives none. It is the provider's
-- default.
local PAGE_SIZE = 10

---@class dataworks.Paginator
---@field caller dataworks.Caller
---@field row dataworks.Action
---@field params table
---@field options dataworks.CallOptions
---@field number string|nil the name of the parameter that holds the number of a page
---@field token string|nil the name of the parameter that holds a token
---@field seen integer|nil the number of items so far, including the pages before the first requested page
---@field tokens table<string, boolean> the tokens so far
---@field last string|nil the items of the previous page, as JSON
---@field done boolean
local Paginator = {}
Paginator.__index = Paginator

local function new(caller, row, params, options)
  local self = setmetatable({
    caller = caller, row = row, params = tables.merge(params), options = options, tokens = {}, done = false,
  }, Paginator)
  for _, param in ipairs(row.params) do
    local name = param[1]
    self.number = NUMBERS[name] and name or self.number
    self.token = TOKENS[name] and name or self.token
    if name == "PageSize" and param.required and core.is_null(params.PageSize) then
      self.params.PageSize = PAGE_SIZE
    end
  end
  if self.number and core.is_null(params[self.number]) then
    self.params[self.number] = 1
  end
  return self
end

local function find_list(row, result)
  local holder, value = {}, result
  for name in row.list:gmatch("%w+") do
    holder = type(value) == "table" and value or {}
    value = holder[name]
  end
  return holder, value or {}
end

--- Prepares the request of the next page of an action whose pages have numbers. If the reply has no TotalCount, a page
--- with fewer items than PageSize is the last page.
function Paginator:advance_number(holder, list)
  local number = tonumber(self.params[self.number])
  local total, size = tonumber(holder.TotalCount or holder.Total), tonumber(holder.PageSize)
  local text = core.encode(list)
  if text and text == self.last then
    return ("page %d is the same as the previous page"):format(number)
  end
  self.seen = (self.seen or (number - 1) * (size or 0)) + #list
  self.last = text
  self.params[self.number] = number + 1
  if total and total >= #list then
    self.done = self.seen >= total
  elseif size then
    self.done = #list < size
  end
end

--- Prepares the request of the next page of an action whose pages have tokens.
function Paginator:advance_token(holder)
  local token = holder[self.token]
  if core.is_null(token) or token == "" or holder.HasNext == false or holder.HasMore == false then
    self.done = true
  elseif self.tokens[token] then
    return ("the reply names a %s that was used before"):format(self.token)
  else
    self.tokens[token], self.params[self.token] = true, token
  end
end

--- Prepares the request of the next page, or marks the paginator as done.
function Paginator:advance(holder, list)
  if type(list) ~= "table" then
    return ("%s is not a list"):format(self.row.list)
  elseif self.token then
    return self:advance_token(holder)
  elseif self.number and #list > 0 then
    return self:advance_number(holder, list)
  end
  self.done = true
end

local function unusable_page(self, page, problem)
  return errors.new {
    kind = "protocol", action = self.row.name, sent = true, may_have_acted = false, message = problem,
    retryable = false, request_id = page.RequestId, endpoint = self.caller.endpoint:match("//(.*)$"),
  }
end

--- Requests the next page that has items. Returns nil at the end.
function Paginator:next_page()
  while not self.done do
    local page, err = self.caller:perform(self.row, self.params, self.options)
    local holder, list = find_list(self.row, page or {})
    local problem = page and self:advance(holder, list)
    if err or problem then
      self.done = true
      return nil, nil, err or unusable_page(self, page, problem)
    elseif #list > 0 then
      return list, page
    end
  end
end

--- Returns an iterator. Each step returns a count, and an item or a page. If a request fails, the iterator returns a
--- count, nil and an error, and ends.
---@param row dataworks.Action with a list
function M.each(caller, row, params, options)
  local paginator = new(caller, row, params, options)
  local count, list, at = 0, {}, 0
  return function()
    local page, err
    if at == #list then
      list, page, err = paginator:next_page()
      list, at = list or {}, 0
      if not page and not err then
        return nil
      end
    end
    count = count + 1
    if err then
      return count, nil, err
    elseif options.pages then
      list = {}
      return count, page
    end
    at = at + 1
    return count, list[at]
  end
end

return M
