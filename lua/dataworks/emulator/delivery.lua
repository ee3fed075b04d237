-- Sends replies, intact or with a fault.

local json = require "dataworks.emulator.json"

local M = {}

local DEFAULT_SECONDS = 2
local DEFAULT_BYTES = 32 * 1024 * 1024
local CHUNK = ("x"):rep(64 * 1024)
local JSON_TYPE = "application/json;charset=utf-8"

local BAD_GATEWAY = "<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1></center>\r\n"
  .. "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"

local function set_headers(reply)
  ngx.status = reply.status
  ngx.header["Content-Type"] = reply.content_type or JSON_TYPE
  ngx.header["Date"] = reply.time and ngx.http_time(reply.time)
  ngx.header["Access-Control-Allow-Origin"] = "*"
  ngx.header["Access-Control-Expose-Headers"] = "*"
  ngx.header["x-acs-request-id"] = reply.request_id
  ngx.header["x-acs-trace-id"] = reply.trace_id
  ngx.header["x-acs-retry-after"] = reply.retry_after
end

--- Sends a reply intact.
---@param reply {status: integer, body: string, request_id: string, trace_id: string, time: number}
function M.send(reply)
  set_headers(reply)
  ngx.header["Content-Length"] = #reply.body
  ngx.print(reply.body)
end

--- The senders of replies with a fault, by its name.
local SENDERS = {}

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

--- Writes to the socket, since nginx never sends less than its Content-Length.
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

function SENDERS.large(reply, fault)
  ngx.header["Content-Encoding"] = "identity"
  SENDERS.gzip_bomb(reply, fault)
end

--- Sends a reply with a fault. Faults that only change the content of a reply are sent intact.
---@param reply table
---@param fault table|nil
function M.send_with(reply, fault)
  local send = fault and SENDERS[fault.fault] or M.send
  return send(reply, fault)
end

return M
