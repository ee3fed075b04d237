-- Reads the head of a reply: the status line and the headers.

local header = require "dataworks.transport.http1.header"
local sources = require "dataworks.transport.http1.source"

local M = {}

local raise_malformed = sources.raise_malformed

local NOT_HTTP = "the reply is not HTTP/1"

--- Checks the line of a header and adds the header to `headers`. Joins the values of a repeated header with commas.
local function add_header(source, headers, line)
  local colon = line:find(":", 1, true)
  local name = colon and header.lower_name(line:sub(1, colon - 1))
  if not name then
    raise_malformed "a header of the reply has no valid name"
  end
  local value = header.trim(line, colon + 1)
  if header.has_control(value) then
    raise_malformed "a header of the reply contains a control character"
  end
  source.headers_left = source.headers_left - 1
  if source.headers_left < 0 then
    raise_malformed(("the reply has more than %d headers"):format(sources.MAX_HEADERS))
  end
  headers[name] = headers[name] and headers[name] .. ", " .. value or value
end

--- Reads headers up to an empty line.
---@param part string what messages call this part of the reply
---@return table<string, string> headers by name in lower case
function M.read_headers(source, part)
  local headers, line = {}, source:read_line(part)
  while line ~= "" do
    add_header(source, headers, line)
    line = source:read_line(part)
  end
  return headers
end

--- Reads a status line. Returns the status and the digit after "HTTP/1.".
local function read_status(source)
  source:expect("HTTP/1.", NOT_HTTP, "the connection ended without a reply")
  local line = source:read_line "headers"
  local minor, status = line:match("^HTTP/1%.([01]) (%d%d%d)%f[ %z]")
  if not status or header.has_control(line) then
    raise_malformed(NOT_HTTP)
  end
  return tonumber(status), minor
end

--- Reads the head of the final reply. Skips interim replies, whose status is 1xx.
function M.read(source)
  while true do
    local status, minor = read_status(source)
    source.has_final_status = status >= 200
    local headers = M.read_headers(source, "headers")
    if status == 101 or status < 100 then
      raise_malformed(("the reply has the status %d"):format(status))
    elseif status >= 200 then
      return { status = status, headers = headers, is_http10 = minor == "0" }
    end
  end
end

return M
