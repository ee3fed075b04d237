-- A client whose calls that change something need permission, for a program that may lose the right to make them.

local tables = require "dataworks.util.tables"

local M = {}

--- Returns a client that shares keys, limit and connections with `client`.
---@param client dataworks.Client
---@param ask fun(action: string): number called before each call that changes something; returns the longest timeout
--- of the call in seconds, or raises an error, and the call is not made
---@return dataworks.Client
function M.wrap(client, ask)
  local caller = client._caller
  local guarded = {
    perform = function(_, row, params, options)
      if row.repeatable ~= "always" then
        options = tables.merge(options, { timeout = math.min(options.timeout or caller.timeout, ask(row.name)) })
      end
      return caller:perform(row, params, options)
    end,
  }
  return setmetatable({
    _caller = setmetatable(guarded, { __index = caller, __newindex = caller }), _version = client._version,
  }, getmetatable(client))
end

return M
