-- Reads a status line and headers.

local header = require "dataworks.transport.http1.header"
local sources = require "dataworks.transport.http1.source"

local M = {}

local malformed = sources.malformed

local function add_header(source, headers, line)
  local colon = line:find(":", 1, true)
  local name = colon and header.lower_name(line:sub(1, colon - 1))
  if not name then
    return malformed "a header of the reply has no valid name"
  end
  local value = header.trim(line, colon + 1)
  if header.has_control(value) then
    return malformed "a header of the reply contains a control character"
  end
  source.headers_left = source.headers_left - 1
  if source.headers_left < 0 then
    return malformed(("the reply has more than %d headers"):format(sources.MAX_HEADERS))
  end
  headers[name] = headers[name] and headers[name] .. ", " .. value or value
  return true
end

--- Reads headers up to the empty line.
---@param source dataworks.ReplySource
---@param part string of the reply, for messages
---@return table<string, string>|nil headers by name in lower case
---@return dataworks.ReplyFailure|nil failure
function M.read_headers(source, part)
  local headers = {}
  while true do
    local line, failure = source:line(part)
    if line == "" then
      return headers
    end
    local ok
    if line then
      ok, failure = add_header(source, headers, line)
    end
    if not ok then
      return nil, failure
    end
  end
end

local function read_status(source)
  local line, failure = source:line "headers"
  if not line then
    if failure.why == "lost" and not source.has_final_status and source:unread() == 0 then
      failure.message = "the connection ended without a reply"
    end
    return nil, failure
  end
  local minor, status = line:match("^HTTP/1%.([01]) (%d%d%d)%f[ %z]")
  if not status or header.has_control(line) then
    return malformed "the reply is not HTTP/1"
  end
  return tonumber(status), minor
end

--- Reads the head of the final reply, and skips heads with a status of 1xx.
---@param source dataworks.ReplySource
---@return { status: integer, headers: table<string, string>, is_http10: boolean }|nil head
---@return dataworks.ReplyFailure|nil failure
function M.read(source)
  while true do
    local status, minor = read_status(source)
    if not status then
      return nil, minor
    end
    source.has_final_status = status >= 200
    local headers, failure = M.read_headers(source, "headers")
    if not headers then
      return nil, failure
    elseif status == 101 or status < 100 then
      return malformed(("the reply has the status %d"):format(status))
    elseif status >= 200 then
      return { status = status, headers = headers, is_http10 = minor == "0" }
    end
  end
end

return M
