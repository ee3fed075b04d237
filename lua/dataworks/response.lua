-- From a reply to its result, or to an error.

local core = require "dataworks.core"
local advice = require "dataworks.advice"

local json = require("cjson.safe").new()
if json.decode_invalid_numbers then json.decode_invalid_numbers(false) end

local M = {}

-- The bytes of an unreadable reply that its error keeps.
local KEPT_BYTES = 200

local MARK = "\1"

local to_integer = math.tointeger or function() end

-- An integer beyond 2^53-1, as core.quote_integers marked it: exact where Lua has such integers, decimal text elsewhere.
local function unmark(text)
  if text:sub(2, 2) == MARK then return text:sub(2) end
  local digits = text:sub(2)
  return math.type and to_integer(tonumber(digits)) or digits
end

local function restore(value)
  local kind = type(value)
  if kind == "number" then return to_integer(value) or value end
  if kind == "string" and value:sub(1, 1) == MARK then return unmark(value) end
  if kind == "table" then
    for key, item in pairs(value) do
      -- An absent member and a null one mean the same here; in a list a null keeps its place.
      if item == core.null and type(key) == "string" then
        value[key] = nil
      else
        value[key] = restore(item)
      end
    end
  end
  return value
end

--- JSON text as Lua data: integers exact, null members of objects left out.
---@param text string
---@return any value
---@return string|nil message
function M.decode(text)
  local quoted, message, offset = core.quote_integers(text)
  if not quoted then return nil, ("%s at byte %d"):format(message, offset) end
  local value
  value, message = json.decode(quoted)
  if value == nil then return nil, message end
  return restore(value)
end

local function visible(text)
  local start = text:sub(1, KEPT_BYTES):gsub("[%c\128-\255]", function(byte)
    return ("\\x%02x"):format(byte:byte())
  end)
  return #text > KEPT_BYTES and start .. "..." or start
end

local function first(table_, ...)
  for _, name in ipairs { ... } do
    if table_[name] ~= nil and table_[name] ~= "" then return table_[name] end
  end
end

local function text(value)
  return value ~= nil and tostring(value) or nil
end

local function retry_after(headers)
  local milliseconds = tonumber(headers["x-acs-retry-after"])
  if milliseconds and milliseconds > 0 then return milliseconds / 1000 end
  local seconds = tonumber(headers["retry-after"])
  return seconds and seconds >= 0 and seconds or nil
end

local function protocol_error(reply, message)
  return {
    kind = "protocol", sent = true, status = reply.status, body = visible(reply.body),
    request_id = reply.headers["x-acs-request-id"], retry_after = retry_after(reply.headers),
    message = #reply.body == 0 and "the reply is empty" or message .. ": " .. visible(reply.body),
  }
end

local function service_error(reply, data)
  local code = text(first(data, "Code", "code", "ErrorCode", "errorCode"))
  return {
    kind = "service", sent = true, status = reply.status, code = code,
    message = text(first(data, "Message", "message", "ErrorMessage", "errorMessage")) or "the service gave no reason",
    request_id = text(first(data, "RequestId", "requestId")) or reply.headers["x-acs-request-id"],
    recommend = text(first(data, "Recommend", "recommend")),
    retry_after = retry_after(reply.headers), advice = advice.of(code),
  }
end

local function task_error(reply, result)
  local data = type(result.Data) == "table" and result.Data or {}
  local code = text(first(result, "ErrorCode", "Code"))
  return {
    kind = "task", sent = true, status = reply.status, code = code,
    message = text(first(data, "Message") or first(result, "ErrorMessage", "Message")) or "the service gave no reason",
    request_id = text(result.RequestId), advice = advice.of(code),
  }
end

local GOOD = { success = true, ["true"] = true, [true] = true }
local BAD = { fail = true, ["false"] = true, [false] = true }

-- `meaning`: the row's status, as actions.lua tells it.
local function failed(result, meaning)
  if result.Success == false or result.Success == "false" then return true end
  local status = type(result.Data) == "table" and result.Data.Status
  if type(result.Data) ~= "table" or status == nil then return false end
  return BAD[status] or (meaning == "outcome" and not GOOD[status]) or false
end

---@param reply { status: integer, headers: table<string, string>, body: string }
---@param meaning? "outcome"|"progress"|"state" of Data.Status
---@return table|nil result the decoded reply
---@return table|nil err fields of an error
function M.read(reply, meaning)
  local data, message = M.decode(reply.body)
  local good = reply.status >= 200 and reply.status < 300
  if type(data) ~= "table" then
    return nil, protocol_error(reply, data == nil and "the reply is no JSON (" .. tostring(message) .. ")" or "the reply is no JSON object")
  end
  if reply.status >= 400 then
    if first(data, "Code", "code", "ErrorCode", "errorCode", "Message", "message") == nil then
      return nil, protocol_error(reply, "the reply has no error code")
    end
    return nil, service_error(reply, data)
  end
  if not good then return nil, protocol_error(reply, "the status is not one that the service uses") end
  if failed(data, meaning) then return nil, task_error(reply, data) end
  return data
end

return M
