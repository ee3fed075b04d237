-- Reads one HTTP/1 reply, strictly and in bounded memory. Pure: the bytes come from a function that is handed in.

local M = {}

M.MAX_HEADERS = 128
M.MAX_HEADER_BYTES = 64 * 1024

-- Longer sizes of chunks than this are no sizes.
local MAX_SIZE_DIGITS = 8

---@class dataworks.ReplySource
---@field fill fun(): string|nil, string|nil some more bytes; or why there are none, "closed" when the other side ended
---@field buffer string what has come
---@field at integer where in it the first byte is that is not read yet
---@field budget integer bytes that heads and trailers may still take
---@field count integer headers that may still come
---@field begun boolean the final status line has come

---@class dataworks.ReplyFailure
---@field why "malformed"|"lost"
---@field message string
---@field error? string of fill, when lost

local function malformed(message)
  return nil, { why = "malformed", message = message }
end

local function lost(err, message)
  return nil, { why = "lost", error = err, message = message }
end

local function unread(source)
  return #source.buffer - source.at + 1
end

local CR = ("\r"):byte()

--- A line without its CRLF.
local function line(source, what)
  local from = source.at
  while true do
    local stop = source.buffer:find("\n", from, true)
    local length = (stop or #source.buffer) - source.at + 1
    if length > source.budget then
      return malformed(("the reply's headers are larger than %d bytes"):format(M.MAX_HEADER_BYTES))
    elseif stop then
      local first = source.at
      source.at, source.budget = stop + 1, source.budget - length
      if stop == first or source.buffer:byte(stop - 1) ~= CR then
        return malformed(("a line of the reply's %s does not end with CR LF"):format(what))
      end
      return source.buffer:sub(first, stop - 2)
    end
    local more, err = source.fill()
    if not more then
      return lost(err, ("the reply ends within its %s"):format(what))
    end
    source.buffer, source.at, from = source.buffer:sub(source.at) .. more, 1, length + 1
  end
end

--- Exactly so many bytes.
local function bytes(source, length)
  local have = unread(source)
  if have >= length then
    local first = source.at
    source.at = first + length
    return source.buffer:sub(first, source.at - 1)
  end
  local pieces = { source.buffer:sub(source.at) }
  while have < length do
    local more, err = source.fill()
    if not more then
      return lost(err, ("the reply ends after %d of %d bytes"):format(have, length))
    end
    source.buffer, source.at = more, math.min(#more, length - have) + 1
    pieces[#pieces + 1], have = more:sub(1, source.at - 1), have + #more
  end
  return table.concat(pieces)
end

-- The head

local TOKEN = "^[%w!#$%%&'*+%-.^_`|~]+$"

-- The few names that all replies have, in lower case: most need no second look.
local MOST_NAMES = 256
local names, name_count = {}, 0

local function lower_name(name)
  local lower = names[name]
  if not lower and name:find(TOKEN) then
    lower = name:lower()
    if name_count < MOST_NAMES then
      names[name], name_count = lower, name_count + 1
    end
  end
  return lower
end

local SPACE, TAB = (" "):byte(), ("\t"):byte()

local function is_blank(byte)
  return byte == SPACE or byte == TAB
end

local function value_of(text, first)
  local last = #text
  while is_blank(text:byte(first)) do
    first = first + 1
  end
  while last >= first and is_blank(text:byte(last)) do
    last = last - 1
  end
  return text:sub(first, last)
end

--- A loop, which LuaJIT compiles, as it does no pattern.
local function has_control(value)
  for i = 1, #value do
    local byte = value:byte(i)
    if byte < 32 and byte ~= TAB or byte == 127 then
      return true
    end
  end
  return false
end

local function header(source, headers, text)
  local colon = text:find(":", 1, true)
  local name = colon and lower_name(text:sub(1, colon - 1))
  if not name then
    return malformed "a header of the reply has no name, or one that HTTP doesn't allow"
  end
  local value = value_of(text, colon + 1)
  if has_control(value) then
    return malformed "a header of the reply has a control character in it"
  end
  source.count = source.count - 1
  if source.count < 0 then
    return malformed(("the reply has more than %d headers"):format(M.MAX_HEADERS))
  end
  headers[name] = headers[name] and headers[name] .. ", " .. value or value
  return true
end

--- Headers up to the empty line; those of a trailer are thrown away.
local function headers_of(source, what)
  local headers = {}
  while true do
    local text, failure = line(source, what)
    if not text then
      return nil, failure
    elseif text == "" then
      return headers
    end
    local ok
    ok, failure = header(source, headers, text)
    if not ok then
      return nil, failure
    end
  end
end

--- Blocks of 1xx are passed over.
local function head(source)
  while true do
    local text, failure = line(source, "headers")
    if not text then
      if failure.why == "lost" and not source.begun and unread(source) == 0 then
        failure.message = "the connection ended without a reply"
      end
      return nil, failure
    end
    local minor, status = text:match("^HTTP/1%.([01]) (%d%d%d)%f[ %z]")
    if not status or has_control(text) then
      return malformed "the reply doesn't begin as one of HTTP/1"
    end
    status = tonumber(status)
    source.begun = status >= 200
    local headers
    headers, failure = headers_of(source, "headers")
    if not headers then
      return nil, failure
    elseif status == 101 or status < 100 then
      return malformed(("the reply has the status %d"):format(status))
    elseif status >= 200 then
      return { status = status, headers = headers, http10 = minor == "0" }
    end
  end
end

-- The body

local function chunk_size(source)
  local text, failure = line(source, "chunks")
  if not text then
    return nil, failure
  end
  local digits = text:match("^(%x+)[ \t]*$") or text:match("^(%x+)[ \t]*;")
  if not digits or #digits > MAX_SIZE_DIGITS or has_control(text) then
    return malformed "a chunk of the reply has no size"
  end
  return tonumber(digits, 16)
end

local function too_large(most)
  return malformed(("the reply is larger than %d bytes"):format(most))
end

local function chunked(source, most)
  local pieces, have = {}, 0
  while true do
    source.budget = M.MAX_HEADER_BYTES
    local size, failure = chunk_size(source)
    if not size then
      return nil, failure
    elseif size == 0 then
      break
    elseif have + size > most then
      return too_large(most)
    end
    local piece
    piece, failure = bytes(source, size + 2)
    if not piece then
      return nil, failure
    elseif piece:sub(-2) ~= "\r\n" then
      return malformed "a chunk of the reply is longer than its size"
    end
    pieces[#pieces + 1], have = piece:sub(1, -3), have + size
  end
  local trailer, failure = headers_of(source, "trailer")
  return trailer and table.concat(pieces), failure
end

local function until_closed(source, most)
  local pieces, have = { source.buffer:sub(source.at) }, unread(source)
  source.buffer, source.at = "", 1
  while have <= most do
    local more, err = source.fill()
    if not more and err == "closed" then
      return table.concat(pieces)
    elseif not more then
      return lost(err, ("the reply broke off after %d bytes"):format(have))
    end
    pieces[#pieces + 1], have = more, have + #more
  end
  return too_large(most)
end

--- The one length that Content-Length gives, however often.
local function length_of(text)
  if #text <= 15 and text:find("^%d+$") then
    return tonumber(text)
  end
  local length
  for digits in (text .. ","):gmatch("([^,]*),") do
    digits = digits:match("^[ \t]*(%d+)[ \t]*$")
    if not digits or #digits > 15 or length and tonumber(digits) ~= length then
      return malformed "the reply's Content-Length is no length"
    end
    length = tonumber(digits)
  end
  return length
end

local function body_of(source, found, most)
  local headers = found.headers
  local coding, length = headers["transfer-encoding"], headers["content-length"]
  if found.status == 204 or found.status == 304 then
    -- What tells of a body may be followed by one, and that would be read as the next reply.
    found.ends_connection = coding ~= nil or (length or "0") ~= "0"
    return ""
  elseif coding then
    if coding:lower() ~= "chunked" then
      return malformed "the reply has a Transfer-Encoding other than chunked"
    elseif length then
      return malformed "the reply has both a Content-Length and a Transfer-Encoding"
    end
    return chunked(source, most)
  elseif length then
    local number, failure = length_of(length)
    if not number then
      return nil, failure
    elseif number > most then
      return too_large(most)
    end
    return bytes(source, number)
  end
  found.ends_connection = true
  return until_closed(source, most)
end

local function names_close(headers)
  local connection = headers.connection
  if not connection or connection == "keep-alive" then
    return false
  end
  for word in connection:lower():gmatch("[^%s,]+") do
    if word == "close" then
      return true
    end
  end
  return false
end

---@param fill fun(): string|nil, string|nil
---@return dataworks.ReplySource
function M.source(fill)
  return { fill = fill, buffer = "", at = 1, budget = M.MAX_HEADER_BYTES, count = M.MAX_HEADERS, begun = false }
end

--- The head of a reply to CONNECT: when that succeeds, no body follows.
---@param source dataworks.ReplySource
---@return table|nil head status, headers
---@return dataworks.ReplyFailure|boolean failure or: has more come than the head?
function M.head(source)
  local found, failure = head(source)
  return found, failure or unread(source) > 0
end

---@param source dataworks.ReplySource
---@param most integer bytes that the body may have
---@return { status: integer, headers: table<string, string>, body: string }|nil reply
---@return boolean|dataworks.ReplyFailure keep may the connection be used again?
function M.read(source, most)
  local found, failure = head(source)
  if not found then
    return nil, failure
  end
  local body
  body, failure = body_of(source, found, most)
  if not body then
    return nil, failure
  end
  local keep = not (found.http10 or found.ends_connection or names_close(found.headers)) and unread(source) == 0
  return { status = found.status, headers = found.headers, body = body }, keep
end

return M
