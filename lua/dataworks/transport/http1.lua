-- Reads one HTTP/1 reply, strictly and in bounded memory. Pure: a function supplies the bytes.

local bodies = require "dataworks.transport.http1.body"
local catch = require "dataworks.transport.catch"
local heads = require "dataworks.transport.http1.head"
local sources = require "dataworks.transport.http1.source"
local tables = require "dataworks.util.tables"

local M = {}

M.source = sources.new

local function announces_close(headers)
  local connection = headers.connection
  return connection ~= nil and connection ~= "keep-alive" and tables.set_of(connection:lower()).close ~= nil
end

local function read_head(source)
  return heads.read(source), source:unread() > 0
end

local function read(source, max_bytes)
  local head = heads.read(source)
  local body = bodies.read(source, head, max_bytes)
  local is_reusable = not (head.is_http10 or head.ends_connection or announces_close(head.headers))
    and source:unread() == 0
  return { status = head.status, headers = head.headers, body = body }, is_reusable
end

--- Reads the head of a reply to CONNECT, which has no body when it succeeds.
---@param source dataworks.ReplySource
---@return { status: integer, headers: table<string, string> }|nil head
---@return dataworks.ReplyFailure|boolean failure or whether bytes after the head were read
function M.read_head(source)
  return catch(read_head, source)
end

---@param source dataworks.ReplySource
---@param max_bytes integer of the body
---@return { status: integer, headers: table<string, string>, body: string }|nil reply
---@return boolean|dataworks.ReplyFailure is_reusable whether the connection can carry another request; or failure
function M.read(source, max_bytes)
  return catch(read, source, max_bytes)
end

return M
