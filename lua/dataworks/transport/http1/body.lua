-- Reads the body of a reply: with a Content-Length, in chunks, or up to the end of the connection.

local header = require "dataworks.transport.http1.header"
local heads = require "dataworks.transport.http1.head"
local sources = require "dataworks.transport.http1.source"

local M = {}

local raise_malformed = sources.raise_malformed

local MAX_CHUNK_SIZE_DIGITS, MAX_LENGTH_DIGITS = 8, 15

local function raise_too_large(max_bytes)
  raise_malformed(("the reply is larger than %d bytes"):format(max_bytes))
end

local function read_chunk_size(source)
  -- The size limit of the headers applies to each such line separately.
  source.header_bytes_left = sources.MAX_HEADER_BYTES
  local line = source:read_line "chunks"
  local digits = line:match("^(%x+)[ \t]*$") or line:match("^(%x+)[ \t]*;")
  if not digits or #digits > MAX_CHUNK_SIZE_DIGITS or header.has_control(line) then
    raise_malformed "a chunk of the reply has no valid size"
  end
  return tonumber(digits, 16)
end

local function read_chunks(source, max_bytes)
  local pieces, have = {}, 0
  local size = read_chunk_size(source)
  while size > 0 do
    if have + size > max_bytes then
      raise_too_large(max_bytes)
    end
    local piece = source:read_bytes(size + 2)
    if piece:sub(-2) ~= "\r\n" then
      raise_malformed "a chunk of the reply is longer than its size"
    end
    pieces[#pieces + 1], have = piece:sub(1, -3), have + size
    size = read_chunk_size(source)
  end
  heads.read_headers(source, "trailer")
  return table.concat(pieces)
end

local function read_until_closed(source, max_bytes)
  local have = source:count_unread()
  local pieces = { source:take_unread() }
  while have <= max_bytes do
    local more, err = source.fill()
    if not more and err == "closed" then
      return table.concat(pieces)
    elseif not more then
      sources.raise_lost(err, ("the connection broke after %d bytes of the reply"):format(have))
    end
    pieces[#pieces + 1], have = more, have + #more
  end
  raise_too_large(max_bytes)
end

--- Parses the header Content-Length. If the header has several values, they must be equal.
local function parse_length(text)
  local length
  for item in (text .. ","):gmatch("([^,]*),") do -- linear: the text ends with a comma
    local digits = item:match("^[ \t]*(%d+)[ \t]*$")
    if not digits or #digits > MAX_LENGTH_DIGITS or length and tonumber(digits) ~= length then
      raise_malformed "the reply's Content-Length is not a length"
    end
    length = tonumber(digits)
  end
  return length
end

--- Reads the body that belongs to a head. Sets head.ends_connection if the connection can't carry another reply.
---@param max_bytes integer the largest allowed size of the body
function M.read(source, head, max_bytes)
  local coding, length = head.headers["transfer-encoding"], head.headers["content-length"]
  if head.status == 204 or head.status == 304 then
    -- These replies have no body. If the headers announce one, the server may send it, and a later request on this
    -- connection would read it as its reply.
    head.ends_connection = coding ~= nil or (length or "0") ~= "0"
    return ""
  elseif coding and coding:lower() ~= "chunked" then
    raise_malformed "the reply has a Transfer-Encoding other than chunked"
  elseif coding and length then
    raise_malformed "the reply has both a Content-Length and a Transfer-Encoding"
  elseif coding then
    return read_chunks(source, max_bytes)
  elseif not length then
    head.ends_connection = true
    return read_until_closed(source, max_bytes)
  end
  local bytes = parse_length(length)
  if bytes > max_bytes then
    raise_too_large(max_bytes)
  end
  return source:read_bytes(bytes)
end

return M
