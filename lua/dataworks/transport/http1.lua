-- Reads one HTTP/1 reply. Refuses malformed replies and limits the memory that a reply uses. This module does no input
-- itself: a function that the caller passes supplies the bytes.

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
  return heads.read(source), source:count_unread() > 0
end

local function read(source, max_bytes)
  local head = heads.read(source)
  local body = bodies.read(source, head, max_bytes)
  local is_reusable = not (head.is_http10 or head.ends_connection or announces_close(head.headers))
    and source:count_unread() == 0
  return { status = head.status, headers = head.headers, body = body }, is_reusable
end

--- Reads the head of a proxy's reply to CONNECT. Such a reply has no body if the proxy opens the tunnel.
---@return { status: integer, headers: table<string, string> }|nil head
---@return dataworks.ReplyFailure|boolean more the failure if `head` is nil; else whether more bytes follow the head
function M.read_head(source)
  return catch(read_head, source)
end

--- Reads a reply.
---@param max_bytes integer the largest allowed size of the body
---@return { status: integer, headers: table<string, string>, body: string }|nil reply
---@return boolean|dataworks.ReplyFailure is_reusable the failure if `reply` is nil; else whether the connection can
---  carry another request
function M.read(source, max_bytes)
  return catch(read, source, max_bytes)
end

return M
