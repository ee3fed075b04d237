-- Sends replies. A fault damages a reply, delays it, or resets the connection.

local json = require "dataworks.emulator.json"

local M = {}

local DEFAULT_SECONDS = 2
local DEFAULT_BYTES = 32 * 1024 * 1024
local CHUNK = ("x"):rep(64 * 1024)
local JSON_TYPE = "application/json;charset=utf-8"

local BAD_GATEWAY = "<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1></center>\r\n"
  .. "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"

--- Sets the HTTP status and the headers of the reply that nginx is about to send. Only a reply of the gateway has a
--- request id and lets web pages of other sites read it.
local function set_headers(reply)
  ngx.status = reply.status
  ngx.header["Content-Type"] = reply.content_type or JSON_TYPE
  ngx.header["Date"] = reply.time and ngx.http_time(reply.time)
  ngx.header["Access-Control-Allow-Origin"] = reply.request_id and "*"
  ngx.header["Access-Control-Expose-Headers"] = reply.request_id and "*"
  ngx.header["x-acs-request-id"] = reply.request_id
  ngx.header["x-acs-trace-id"] = reply.trace_id
  ngx.header["x-acs-retry-after"] = reply.retry_after
end

local function length_of(body)
  local length = type(body) == "string" and #body or 0
  for i = 1, type(body) == "table" and #body or 0 do
    length = length + #body[i]
  end
  return length
end

function M.send(reply)
  set_headers(reply)
  ngx.header["Content-Length"] = length_of(reply.body)
  ngx.print(reply.body)
end

--- The functions that send a reply with a fault, by the name of the fault.
local SENDERS = {}

--- Resets the connection. In nginx, the status 444 means that no reply is sent.
function SENDERS.reset()
  return ngx.exit(444)
end

function SENDERS.html(reply, fault)
  local title = (fault.status or 502) == 502 and "502 Bad Gateway" or tostring(fault.status)
  reply.status, reply.content_type = fault.status or 502, "text/html"
  reply.body = fault.body or BAD_GATEWAY:format(title, title)
  reply.request_id, reply.trace_id = nil, nil
  M.send(reply)
end

function SENDERS.garbage(reply, fault)
  reply.status = fault.status or 200
  reply.body = fault.body or '{"RequestId":"' .. reply.request_id .. '","Data":{"Status":<<<'
  M.send(reply)
end

--- Sends half of the body, and closes the connection. Writes to the socket directly, because nginx itself never sends
--- fewer bytes than the header Content-Length says.
function SENDERS.truncate(reply)
  local socket = ngx.req.socket(true)
  socket:send(table.concat({
    ("HTTP/1.1 %d OK"):format(reply.status),
    "Content-Type: " .. JSON_TYPE,
    "Content-Length: " .. #reply.body,
    "x-acs-request-id: " .. reply.request_id,
    "Connection: close",
    "",
    reply.body:sub(1, math.floor(#reply.body / 2)),
  }, "\r\n"))
  ngx.exit(ngx.ERROR)
end

function SENDERS.slow_head(reply, fault)
  ngx.sleep(fault.seconds or DEFAULT_SECONDS)
  M.send(reply)
end

--- Sends the headers and half of the body, waits, and sends the other half.
function SENDERS.slow_body(reply, fault)
  local middle = math.floor(#reply.body / 2)
  set_headers(reply)
  ngx.header["Content-Length"] = #reply.body
  ngx.header["Content-Encoding"] = "identity"
  ngx.print(reply.body:sub(1, middle))
  ngx.flush(true)
  ngx.sleep(fault.seconds or DEFAULT_SECONDS)
  ngx.print(reply.body:sub(middle + 1))
end

--- Sends a huge body of equal letters. nginx compresses the body if the client accepts gzip.
function SENDERS.gzip_bomb(reply, fault)
  local head, tail = '{"RequestId":' .. json.encode(reply.request_id) .. ',"Padding":"', '"}'
  local remaining = math.max((fault.bytes or DEFAULT_BYTES) - #head - #tail, 0)
  set_headers(reply)
  ngx.status = 200
  ngx.print(head)
  while remaining > 0 do
    ngx.print(CHUNK:sub(1, remaining))
    if not ngx.flush(true) then
      return
    end
    remaining = remaining - math.min(remaining, #CHUNK)
  end
  ngx.print(tail)
end

--- Sends the same huge body without compression.
function SENDERS.large(reply, fault)
  ngx.header["Content-Encoding"] = "identity"
  SENDERS.gzip_bomb(reply, fault)
end

--- Sends a reply in the way that the fault requires. Some faults have changed the content of the reply already; such a
--- reply, and a reply without a fault, is sent as it is.
function M.send_with_fault(reply, fault)
  local send = fault and SENDERS[fault.fault] or M.send
  return send(reply, fault)
end

return M
