-- Makes the calls of strict_calls.lua in each of the three ways in which the library sends: with libcurl, one call after
-- the other; in the loop, at the same time; and inside nginx. Usage: lua5.4 strict_client.lua ENDPOINT

local calls = require "spec.interop.strict_calls"
local dataworks = require "dataworks"
local hosts = require "spec.support.host"
local web_support = require "spec.support.web"

local endpoint = arg[1]

local IN_NGINX = [[
  local threads = {}
  local results = require("spec.interop.strict_calls").start(%q, function(fn) threads[#threads + 1] = ngx.thread.spawn(fn) end)
  for _, thread in ipairs(threads) do ngx.thread.wait(thread) end
  return results()]]

local ways = {}

function ways.libcurl()
  return calls.start(endpoint, function(fn) fn() end)()
end

ways["the loop"] = function()
  local results
  dataworks.run(function() results = calls.start(endpoint, dataworks.spawn) end)
  return results()
end

function ways.nginx()
  local web = web_support.start()
  local host = hosts.start { ca_file = web.ca_file }
  local ok, result = pcall(host.run, host, IN_NGINX:format(endpoint))
  host:stop()
  web:stop()
  return ok and tonumber(result) or error(result, 0)
end

for _, name in ipairs { "libcurl", "the loop", "nginx" } do print(ways[name]() .. " calls in " .. name) end
