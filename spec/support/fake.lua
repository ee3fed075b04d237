-- Creates a client whose transport, clock and random numbers are scripted. No request leaves the process.

local core = require "dataworks.core"
local dataworks = require "dataworks"

local M = {}

M.id, M.secret, M.token = "spec-key-id", "spec/key+secret==", "spec/security+token=="

--- Returns a reply in the form in which a transport returns it.
function M.reply(data, status, headers)
  local body = type(data) == "string" and data or assert(core.encode(data))
  return { status = status or 200, headers = headers or {}, body = body }
end

--- Returns a successful reply of an action.
function M.good(data)
  return M.reply { RequestId = "R-1", Success = true, Data = data or core.null }
end

--- Returns an error reply of the gateway.
function M.refused(code, status, headers)
  return M.reply({ Code = code, Message = "said " .. code, RequestId = "R-2", HostId = "h" }, status or 400, headers)
end

--- Returns an answer with which the transport fails, because the connection broke. `sent` says if the request was sent.
function M.lost(sent, code)
  return { fails = { kind = "transport", sent = sent, message = "the connection broke", code = code } }
end

--- Creates a client. The transport gives the answers one after the other. An answer is a reply, or a result of lost(),
--- or a function that takes the request, its limits and the world and returns an answer.
---@param answers table[]
---@param options? table changes of the client's options; false removes an option
---@return table client
---@return table world what happened: the requests sent, their limits, and the sleeps; world.now is the current time
function M.client(answers, options)
  local world = { sent = {}, limits = {}, slept = {}, now = 1000, tokens = 0 }
  local transport = { closed = 0 }
  function transport.send(_, request, limits)
    world.sent[#world.sent + 1], world.limits[#world.limits + 1] = request, limits
    local answer = answers[#world.sent]
    if type(answer) == "function" then answer = answer(request, limits, world) end
    if not answer then error("the spec has no answer for request " .. #world.sent) end
    if answer.fails then
      local copy = {}
      for name, value in pairs(answer.fails) do copy[name] = value end
      return nil, copy
    end
    return { status = answer.status, headers = answer.headers, body = answer.body }
  end
  function transport.sleep() end
  function transport.close() transport.closed = transport.closed + 1 end
  world.transport = transport
  local all = {
    endpoint = "https://example.com", access_key_id = M.id, access_key_secret = M.secret, transport = transport,
    now = function() return 1716019750 end,
    clock = function() return world.now end,
    random = function() return 0.5 end,
    nonce = function()
      world.tokens = world.tokens + 1
      return ("nonce-%d"):format(world.tokens)
    end,
    sleep = function(seconds)
      world.slept[#world.slept + 1] = seconds
      world.now = world.now + seconds
    end,
    getenv = function() end,
  }
  for name, value in pairs(options or {}) do all[name] = value or nil end
  return dataworks.new(all), world
end

--- Decodes a name or a value of a form.
local function unescape(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

--- Returns the parameters of a request, from its query and its form.
function M.params(request)
  local found = {}
  for name, value in ((request.url:match("%?(.*)") or "") .. "&" .. request.body):gmatch("([^&=]+)=([^&]*)") do
    found[unescape(name)] = unescape(value)
  end
  return found
end

--- Returns the names of the called actions, in the order of the calls.
function M.actions(world)
  local list = {}
  for i, request in ipairs(world.sent) do list[i] = request.headers["x-acs-action"] end
  return list
end

return M
