-- The bytes that rows send: a good reply, frames of HTTP/2, records of TLS.

local M = {}

M.BODY = '{"RequestId":"r","Success":true,"Data":{}}'

--- Returns the bytes of a reply of HTTP/1 with a Content-Length.
---@param status? string the status and its text
---@param headers? string lines of headers
function M.reply(body, status, headers)
  body = body or M.BODY
  return ("HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s"):format(status or "200 OK", #body, headers or "", body)
end

--- Returns the bytes of a reply with headers of its own, and no other headers.
function M.head(headers, body)
  return "HTTP/1.1 200 OK\r\n" .. headers .. "\r\n" .. (body or "")
end

local function bytes(number, count)
  local text = ""
  for _ = 1, count do
    text, number = string.char(number % 256) .. text, math.floor(number / 256)
  end
  return text
end
M.bytes = bytes

M.DATA, M.HEADERS, M.PRIORITY, M.RST_STREAM, M.SETTINGS, M.PUSH_PROMISE, M.PING, M.GOAWAY, M.WINDOW_UPDATE, M.CONTINUATION =
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9
M.END_STREAM, M.ACK, M.END_HEADERS, M.PADDED = 1, 1, 4, 8

--- Returns a frame of HTTP/2.
function M.frame(kind, flags, stream, payload)
  return bytes(#payload, 3) .. bytes(kind, 1) .. bytes(flags, 1) .. bytes(stream, 4) .. payload
end

--- Returns a header as a literal of HPACK.
function M.field(name, value)
  return "\0" .. bytes(#name, 1) .. name .. bytes(#value, 1) .. value
end

M.STATUS_200 = "\136" -- an entry of HPACK's static table

M.NO_SETTINGS = M.frame(M.SETTINGS, 0, 0, "")

--- Returns the frame of a reply's headers.
function M.h2_head(more, flags)
  return M.frame(M.HEADERS, flags or M.END_HEADERS, 1, M.STATUS_200 .. (more or ""))
end

M.H2_BODY = M.frame(M.DATA, M.END_STREAM, 1, M.BODY)
M.H2_REPLY = M.NO_SETTINGS .. M.h2_head() .. M.H2_BODY

--- Returns a TLS record with an alert that ends the connection.
function M.alert(number)
  return "\21\3\3\0\2\2" .. bytes(number, 1)
end

return M
