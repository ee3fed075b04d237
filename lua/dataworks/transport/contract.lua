-- Checks the values that a transport written by the user returns: a reply, or nil and a failure.

local M = {}

local SENT = { [true] = true, [false] = true, unknown = true }

local function find_mistake_in_headers(headers)
  for name, value in pairs(headers) do
    if type(name) ~= "string" or type(value) ~= "string" then
      return "headers must have names and values that are strings"
    end
  end
end

local function find_mistake_in_reply(reply)
  local status, headers, body = reply.status, reply.headers, reply.body
  if type(status) ~= "number" or status % 1 ~= 0 or status < 100 or status > 599 then
    local got = type(status) == "number" and tostring(status) or type(status)
    return "status must be an HTTP status, got " .. got
  elseif headers ~= nil and type(headers) ~= "table" then
    return ("headers must be a table, got %s"):format(type(headers))
  elseif body ~= nil and type(body) ~= "string" then
    return ("body must be a string, got %s"):format(type(body))
  end
  return headers and find_mistake_in_headers(headers)
end

local function find_mistake_in_failure(failure)
  if type(failure) ~= "table" then
    return ("a failure must be a table, got %s"):format(type(failure))
  elseif type(failure.kind) ~= "string" or type(failure.message) ~= "string" then
    return "a failure must have the texts kind and message"
  elseif failure.sent ~= nil and not SENT[failure.sent] then
    return 'sent must be true, false or "unknown"'
  end
end

--- Checks the two values that a transport has returned. If they are wrong, returns a failure to use in their place. Its
--- `sent` is "unknown", since the request may have been sent.
---@return table|nil failure the fields of an error; nil if the values are right
function M.find_mistake(reply, failure)
  local mistake
  if type(reply) == "table" then
    mistake = find_mistake_in_reply(reply)
  elseif reply then
    mistake = ("a reply must be a table, got %s"):format(type(reply))
  else
    mistake = find_mistake_in_failure(failure)
  end
  return mistake and {
    kind = "protocol", sent = "unknown", message = "the transport returned a wrong value: " .. mistake,
    advice = "See \"A transport of your own\" in docs/network.md",
  }
end

return M
