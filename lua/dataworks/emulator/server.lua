-- The functions that the configuration of nginx calls, one for each kind of request, and one at the start.

local answer = require "dataworks.emulator.answer"
local control = require "dataworks.emulator.control"
local delivery = require "dataworks.emulator.delivery"
local digest = require "dataworks.emulator.digest"
local json = require "dataworks.emulator.json"
local parts = require "dataworks.emulator.parts"

local M = {}

local emulator

local function read_body()
  ngx.req.read_body()
  local body, path = ngx.req.get_body_data(), ngx.req.get_body_file()
  if not body and path then
    local file = assert(io.open(path, "rb"))
    body = file:read("*a")
    file:close()
  end
  return body or ""
end

--- Returns the current request. nginx returns the names of headers in lower case.
local function read_request()
  local headers = {}
  for name, value in pairs(ngx.req.get_headers(0)) do
    headers[name] = type(value) == "table" and table.concat(value, ",") or value
  end
  local path, query = ngx.var.request_uri:match("^([^?]*)%??(.*)$")
  return { method = ngx.req.get_method(), path = path, query = query, headers = headers, body = read_body() }
end

function M.api()
  return delivery.send_with_fault(answer.api(emulator, read_request()))
end

function M.unreadable()
  return delivery.send(answer.unreadable(emulator, ngx.status))
end

--- Answers one request to the metadata service, or to the credentials URI.
function M.metadata()
  return delivery.send_with_fault(answer.metadata(emulator, read_request()))
end

--- Answers one request to a path under /_emulator/.
function M.control()
  local request = read_request()
  request.action = ngx.var.arg_action
  local status, value = control.answer(emulator, request)
  delivery.send({ status = status, body = json.encode(value) })
end

--- Creates the emulator with the default settings. nginx calls this function before it starts its worker process.
function M.start()
  emulator = parts.new({ clock = ngx.now, crypto = digest })
end

return M
