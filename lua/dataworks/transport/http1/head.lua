-- Reads a status line and headers.

local header = require "dataworks.transport.http1.header"
local sources = require "dataworks.transport.http1.source"

local M = {}

local malformed = sources.malformed

local function add_header(source, headers, line)
  local colon = line:find(":", 1, true)
  local name = colon and header.lower_name(line:sub(1, colon - 1))
  if not name then
    malformed "a header of the reply has no valid name"
  end
  local value = header.trim(line, colon + 1)
  if header.has_control(value) then
    malformed "a header of the reply contains a control character"
  end
  source.headers_left = source.headers_left - 1
  if source.headers_left < 0 then
    malformed(("the reply has more than %d headers"):format(sources.MAX_HEADERS))
  end
  headers[name] = headers[name] and headers[name] .. ", " .. value or value
end

--- Reads headers up to the empty line.
---@param source dataworks.ReplySource
---@param part string of the reply, for messages
---@return table<string, string> headers by name in lower case
function M.read_headers(source, part)
  local headers, line = {}, source:line(part)
  while line ~= "" do
    add_header(source, headers, line)
    line = source:line(part)
  end
  return headers
end

local function read_status(source)
  local line = source:line("headers", "the connection ended without a reply")
  local minor, status = line:match("^HTTP/1%.([01]) (%d%d%d)%f[ %z]")
  if not status or header.has_control(line) then
    malformed "the reply is not HTTP/1"
  end
  return tonumber(status), minor
end

--- Reads the head of the final reply, and skips heads with a status of 1xx.
---@param source dataworks.ReplySource
---@return { status: integer, headers: table<string, string>, is_http10: boolean } head
function M.read(source)
  while true do
    local status, minor = read_status(source)
    source.has_final_status = status >= 200
    local headers = M.read_headers(source, "headers")
    if status == 101 or status < 100 then
      malformed(("the reply has the status %d"):format(status))
    elseif status >= 200 then
      return { status = status, headers = headers, is_http10 = minor == "0" }
    end
  end
end

return M
