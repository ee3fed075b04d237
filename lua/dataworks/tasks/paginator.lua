-- Goes through the list that an action gives, page after page: a request is made when the loop gets there.

local core = require "dataworks.core"
local errors = require "dataworks.error"

local M = {}

-- The parameters that name a page; and those that take what the page before said, under the same name.
local NUMBERS = { PageNumber = true, PageNum = true, PageNo = true }
local TOKENS = { NextToken = true, NextPrimaryKey = true }

-- Where a size is required and none was given: the provider's own default elsewhere.
local PAGE_SIZE = 10

---@class dataworks.Walk
---@field caller dataworks.Caller
---@field row dataworks.Action
---@field params table
---@field options dataworks.CallOptions
---@field number string|nil name of the parameter
---@field token string|nil name of the parameter
---@field seen integer items so far, with those of the pages that were skipped
---@field tokens table<string, boolean> so far
---@field last table|nil the items of the page before
---@field done boolean
local Walk = {}
Walk.__index = Walk

local function is_null(value)
  return value == nil or value == core.null
end

local function new(caller, row, params, options)
  local self = setmetatable({
    caller = caller, row = row, params = {}, options = options, seen = 0, tokens = {}, done = false,
  }, Walk)
  for name, value in next, params do
    self.params[name] = value
  end
  for _, param in ipairs(row.params) do
    local name = param[1]
    self.number = NUMBERS[name] and name or self.number
    self.token = TOKENS[name] and name or self.token
    if name == "PageSize" and param.required and is_null(params.PageSize) then
      self.params.PageSize = PAGE_SIZE
    end
  end
  if self.number and is_null(params[self.number]) then
    self.params[self.number] = 1
  end
  return self
end

--- What stands around the list in a reply, and the list.
local function contents(row, result)
  local around, value = {}, result
  for name in row.list:gmatch("%w+") do
    around = type(value) == "table" and value or {}
    value = around[name]
  end
  return around, value or {}
end

local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  for key, value in next, a do
    if not same(value, b[key]) then
      return false
    end
  end
  for key in next, b do
    if a[key] == nil then
      return false
    end
  end
  return true
end

--- Prepares for the page after this one. Whoever is not told a total takes a page that is not full for the last.
function Walk:after_number(around, list)
  local number = tonumber(self.params[self.number])
  local total, size = tonumber(around.TotalCount or around.Total), tonumber(around.PageSize)
  if self.last and same(self.last, list) then
    return ("page %d is the same as the one before"):format(number)
  elseif not self.last then
    self.seen = (number - 1) * (size or 0)
  end
  self.seen, self.last = self.seen + #list, list
  self.params[self.number] = number + 1
  if total and total >= #list then
    self.done = self.seen >= total
  elseif size then
    self.done = #list < size
  end
end

function Walk:after_token(around)
  local token = around[self.token]
  if is_null(token) or token == "" or around.HasNext == false then
    self.done = true
  elseif self.tokens[token] then
    return ("the reply names a %s that was used before"):format(self.token)
  else
    self.tokens[token], self.params[self.token] = true, token
  end
end

function Walk:failed(result, message)
  return nil, nil, errors.new {
    kind = "protocol", action = self.row.name, sent = true, message = message, retryable = false,
    request_id = result.RequestId, endpoint = self.caller.endpoint:match("//(.*)$"),
  }
end

--- One request.
function Walk:fetch()
  local result, err = self.caller:perform(self.row, self.params, self.options)
  if not result then
    return nil, nil, err
  end
  local around, list = contents(self.row, result)
  if type(list) ~= "table" then
    return self:failed(result, ("%s is no list"):format(self.row.list))
  end
  local wrong
  if self.token then
    wrong = self:after_token(around)
  elseif self.number and #list > 0 then
    wrong = self:after_number(around, list)
  else
    self.done = true
  end
  if wrong then
    return self:failed(result, wrong)
  end
  return list, result
end

--- The next page that has items; nothing at the end.
---@return table|nil items
---@return table|nil page
---@return dataworks.Error|nil err
function Walk:turn()
  while not self.done do
    local list, page, err = self:fetch()
    if err then
      self.done = true
      return nil, nil, err
    elseif #list > 0 then
      return list, page
    end
  end
end

--- An iterator: a count, and an item or a page; or a count, nil and an error, which end it.
---@param caller dataworks.Caller
---@param row dataworks.Action with a list
---@param params table
---@param options dataworks.EachOptions
---@return fun(): integer|nil, any, dataworks.Error|nil
function M.each(caller, row, params, options)
  local walk = new(caller, row, params, options)
  local count, list, at = 0, {}, 0
  return function()
    local page, err
    if at == #list then
      list, page, err = walk:turn()
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
