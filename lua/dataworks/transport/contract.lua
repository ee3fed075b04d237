-- What a transport of the program must return: a reply, or nil and a failure.

local M = {}

local SENT = { [true] = true, [false] = true, unknown = true }

local function wrong_headers(headers)
  for name, value in pairs(headers) do
    if type(name) ~= "string" or type(value) ~= "string" then
      return "headers must have names and values that are strings"
    end
  end
end

local function wrong_reply(reply)
  local status, headers, body = reply.status, reply.headers, reply.body
  if type(status) ~= "number" or status % 1 ~= 0 or status < 100 or status > 599 then
    local got = type(status) == "number" and tostring(status) or type(status)
    return "status must be an HTTP status, got " .. got
  elseif headers ~= nil and type(headers) ~= "table" then
    return ("headers must be a table, got %s"):format(type(headers))
  elseif body ~= nil and type(body) ~= "string" then
    return ("body must be a string, got %s"):format(type(body))
  end
  return headers and wrong_headers(headers)
end

local function wrong_failure(failure)
  if type(failure) ~= "table" then
    return ("a failure must be a table, got %s"):format(type(failure))
  elseif type(failure.kind) ~= "string" or type(failure.message) ~= "string" then
    return "a failure must have the texts kind and message"
  elseif failure.sent ~= nil and not SENT[failure.sent] then
    return 'sent must be true, false or "unknown"'
  end
end

--- The failure that replaces a return value of the wrong shape. The request may have been sent.
---@param reply any
---@param failure any
---@return table|nil fields of an error; nil when all is well
function M.find_mistake(reply, failure)
  local wrong
  if type(reply) == "table" then
    wrong = wrong_reply(reply)
  elseif reply then
    wrong = ("a reply must be a table, got %s"):format(type(reply))
  else
    wrong = wrong_failure(failure)
  end
  return wrong and {
    kind = "protocol", sent = "unknown", message = "the transport returned what is not documented: " .. wrong,
    advice = "See \"A transport of your own\" in docs/network.md",
  }
end

return M
