-- Reads a reply's body: of a given length, in chunks, or up to the end of the connection.

local header = require "dataworks.transport.http1.header"
local heads = require "dataworks.transport.http1.head"
local sources = require "dataworks.transport.http1.source"

local M = {}

local malformed = sources.malformed

local MAX_CHUNK_SIZE_DIGITS, MAX_LENGTH_DIGITS = 8, 15

local function too_large(max_bytes)
  malformed(("the reply is larger than %d bytes"):format(max_bytes))
end

local function read_chunk_size(source)
  -- The limit is for one chunk's line.
  source.header_bytes_left = sources.MAX_HEADER_BYTES
  local line = source:line "chunks"
  local digits = line:match("^(%x+)[ \t]*$") or line:match("^(%x+)[ \t]*;")
  if not digits or #digits > MAX_CHUNK_SIZE_DIGITS or header.has_control(line) then
    malformed "a chunk of the reply has no valid size"
  end
  return tonumber(digits, 16)
end

local function read_chunks(source, max_bytes)
  local pieces, have = {}, 0
  local size = read_chunk_size(source)
  while size > 0 do
    if have + size > max_bytes then
      too_large(max_bytes)
    end
    local piece = source:take(size + 2)
    if piece:sub(-2) ~= "\r\n" then
      malformed "a chunk of the reply is longer than its size"
    end
    pieces[#pieces + 1], have = piece:sub(1, -3), have + size
    size = read_chunk_size(source)
  end
  heads.read_headers(source, "trailer")
  return table.concat(pieces)
end

local function read_until_closed(source, max_bytes)
  local have = source:unread()
  local pieces = { source:drain() }
  while have <= max_bytes do
    local more, err = source.fill()
    if not more and err == "closed" then
      return table.concat(pieces)
    elseif not more then
      sources.lost(err, ("the connection broke after %d bytes of the reply"):format(have))
    end
    pieces[#pieces + 1], have = more, have + #more
  end
  too_large(max_bytes)
end

--- Parses Content-Length, in which all values must agree.
local function parse_length(text)
  local length
  for item in (text .. ","):gmatch("([^,]*),") do -- linear: the text ends with a comma
    local digits = item:match("^[ \t]*(%d+)[ \t]*$")
    if not digits or #digits > MAX_LENGTH_DIGITS or length and tonumber(digits) ~= length then
      malformed "the reply's Content-Length is not a length"
    end
    length = tonumber(digits)
  end
  return length
end

--- Sets `ends_connection` in the head when the connection can't carry another reply.
---@param source dataworks.ReplySource
---@param head table
---@param max_bytes integer
---@return string body
function M.read(source, head, max_bytes)
  local coding, length = head.headers["transfer-encoding"], head.headers["content-length"]
  if head.status == 204 or head.status == 304 then
    -- A server that announces a body may send it; it would be read as the next reply.
    head.ends_connection = coding ~= nil or (length or "0") ~= "0"
    return ""
  elseif coding and coding:lower() ~= "chunked" then
    malformed "the reply has a Transfer-Encoding other than chunked"
  elseif coding and length then
    malformed "the reply has both a Content-Length and a Transfer-Encoding"
  elseif coding then
    return read_chunks(source, max_bytes)
  elseif not length then
    head.ends_connection = true
    return read_until_closed(source, max_bytes)
  end
  local bytes = parse_length(length)
  if bytes > max_bytes then
    too_large(max_bytes)
  end
  return source:take(bytes)
end

return M
