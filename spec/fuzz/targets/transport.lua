-- HTTP/1 replies, compressed bodies, proxies, endpoints and URLs.

local bytes = require "spec.fuzz.bytes"
local endpoints = require "dataworks.api.endpoints"
local http1 = require "dataworks.transport.http1"
local proxies = require "dataworks.transport.proxy"
local targets = require "dataworks.transport.ngx.target"

local MAX_BODY = 1000

local M = {}

--- Reads a reply that arrives in pieces of `size` bytes.
local function read_http(text, size)
  local at = 1
  local reply, keep = http1.read(http1.source(function()
    local piece = text:sub(at, at + size - 1)
    at = at + size
    if piece ~= "" then return piece end
    return nil, "closed"
  end), MAX_BODY)
  if not reply then return "failure " .. keep.why .. ": " .. keep.message end
  assert(reply.status % 1 == 0 and reply.status >= 100 and reply.status <= 999, "not a status")
  assert(#reply.body <= MAX_BODY, "the body is too large")
  local names = {}
  for name, value in pairs(reply.headers) do
    assert(name == name:lower() and not value:find "[\r\n%z]", "a header that is none")
    names[#names + 1] = name .. ":" .. value
  end
  table.sort(names)
  -- Bytes after the reply may arrive later, so the size of the pieces decides whether the connection can be kept.
  return table.concat({ reply.status, table.concat(names, "\n"), reply.body }, "\n")
end

local HEADS = {
  "", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: ", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 403 No\r\nconnection: close\r\n",
}

M.http1 = {
  planted = { "lua/dataworks/transport/http1/source.lua", "math.min(#more, length - have)", "#more" },
  covers = { "lua/dataworks/transport/http1.lua", "lua/dataworks/transport/http1/body.lua", "lua/dataworks/transport/http1/head.lua", "lua/dataworks/transport/http1/source.lua", "lua/dataworks/transport/http1/header.lua" },
  run = function(text)
    local from = bytes.new(text)
    local reply = from:pick(HEADS) .. from:rest()
    local whole = read_http(reply, #reply + 1)
    assert(read_http(reply, 1) == whole and read_http(reply, 7) == whole, "the size of the pieces changes the reply")
  end,
}

--- A reply that is built from a body is read as this body.
M.http1_body = {
  planted = { "lua/dataworks/transport/http1/body.lua", ", 16)", ", 15)" },
  covers = { "lua/dataworks/transport/http1/body.lua:read_chunk_size,read_chunks" },
  run = function(text)
    local from = bytes.new(text)
    local size, lines, pieces = 1 + from:byte(), { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" }, {}
    for _, word in ipairs(from:words(8)) do
      if word ~= "" then
        pieces[#pieces + 1] = word
        lines[#lines + 1] = ("%x\r\n"):format(#word) .. word .. "\r\n"
      end
    end
    lines[#lines + 1] = "0\r\n\r\n"
    local damage = #pieces > 0 and #text % 4 or 0
    if damage == 1 then lines[2] = "g" .. lines[2] end
    if damage == 2 then lines[2] = lines[2]:gsub("\r\n$", "x\r\n") end
    local reply, body = read_http(table.concat(lines), size), table.concat(pieces)
    assert(#body > MAX_BODY or (damage == 1 or damage == 2) and reply:find "^failure" or reply == "200\ntransfer-encoding:chunked\n" .. body, "another body")
  end,
}

M.proxy = {
  planted = { "lua/dataworks/transport/proxy.lua", "not is_host or", "" },
  covers = { "lua/dataworks/transport/proxy.lua:parse,secrets" },
  run = function(text)
    local url, message = proxies.parse(text)
    if not url then
      assert(type(message) == "string", "no reason")
      return
    end
    assert(proxies.parse(url) == url, "a complete URL changes")
    assert(tonumber(url:match ":(%d+)$") <= 65535, "not a port")
    assert(not url:find "[%c%s]", "a URL with a blank")
    proxies.secrets(url)
  end,
}

M.no_proxy = {
  planted = { "lua/dataworks/transport/proxy.lua", "bits > 8 * #base or", "" },
  covers = { "lua/dataworks/transport/proxy.lua:find" },
  run = function(text)
    local from = bytes.new(text)
    local url = from:pick { "https://h.example.com/", "https://10.0.0.1:81/", "https://[fe80::1]/", "http://example.com./" }
    local found = proxies.find(url, { proxy = "http://p:1", no_proxy = from:rest() }, function() end)
    assert(found == "" or found == "http://p:1", "another proxy")
  end,
}

M.endpoint = {
  planted = { "lua/dataworks/api/endpoints.lua", "not is_host or", "" },
  covers = { "lua/dataworks/api/endpoints.lua" },
  run = function(text)
    local url = endpoints.url(text)
    if url then
      assert(endpoints.url(url) == url, "a complete URL changes")
      assert((tonumber(url:match ":(%d+)$") or 0) <= 65535 and not url:find "[%c%s@?#]", "not an endpoint")
      endpoints.service(url)
    end
    local host, err = endpoints.host(text)
    assert(host and host:find "^[%w.-]+$" or type(err.message) == "string", "neither a host nor an error")
    for _, network in ipairs { "public", "VPC", text } do
      local url_of_region, message = endpoints.resolve(nil, text, network)
      assert(url_of_region or type(message.message) == "string", "neither a URL nor an error")
    end
    assert(endpoints.resolve(text) or not url)
    local unresolved = "https://dataworks." .. text:sub(1, 16) .. ".aliyuncs.com/"
    assert(#text % 4 > 0 or endpoints.unresolved_advice(unresolved) == nil or text:find "^[%w-]+", "advice about another host")
  end,
}

local PROXIES = { "", "", "http://p:1", "http://u:p@[::1]:2", "socks5://p:1" }

M.ngx_target = {
  planted = { "lua/dataworks/transport/ngx/target.lua", '" ", "#"', '" "' },
  covers = { "lua/dataworks/transport/ngx/target.lua" },
  run = function(text)
    local url = (#text % 3 == 0 and "http://" or "https://") .. text
    local proxy = PROXIES[#text % #PROXIES + 1]
    local ok, target, path = pcall(targets.find, { options = { allow_http = #text % 2 == 0 } }, url, proxy)
    if ok then
      assert(not target.proxy or target.peer.host == "p" or target.peer.host == "[::1]", "not the proxy")
      assert(path:sub(1, 1) == "/" and not path:find "[%s#]", "a path that can't be sent: " .. path)
      assert(target.host and not target.host:find "[%s%c/@]", "not a host")
    else
      assert(type(target) == "table" and target.kind == "invalid" and target.message, tostring(target))
    end
  end,
}

return M
