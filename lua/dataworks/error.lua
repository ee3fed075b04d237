-- The one shape of every error that the library returns. An error keeps only the fields listed here, so that no secret
-- gets into it by accident.

local texts = require "dataworks.util.text"

local M = {}

local MAX_TEXT_BYTES = 2000

---@class dataworks.Error
---@field kind "invalid"|"credentials"|"transport"|"timeout"|"service"|"task"|"protocol"|"cancelled"
---@field message string one line; the service's own when it sent one
---@field action? string the API action
---@field path? string the refused field: TaskParam.steps[1].stepType
---@field code? string the service's code, or libcurl's
---@field status? integer of HTTP
---@field request_id? string for the provider's support
---@field recommend? string the provider's page on this error
---@field endpoint? string host and port of the service
---@field sent? boolean|"unknown" did the request reach the service?
---@field may_have_acted? boolean may the service have acted, by this attempt or an earlier one?
---@field attempts? integer
---@field retryable? boolean a retry of the same call, with its client_token, is safe and may help
---@field gave_up? "attempts"|"deadline"|"budget" why a retryable call was not retried
---@field retry_after? number seconds that the service asks to wait
---@field elapsed? number seconds since the call began
---@field client_token? string the same function, called again with this ClientToken, has no second effect
---@field access_denied? table<string, string> details of a denied access: AuthAction, PolicyType, ...
---@field excerpt? string the first bytes of an unreadable reply
---@field advice? string one line that helps
---@field state? table for the option `resume`, or for another `wait` or `wait_for_state`
local FIELDS = {
  kind = "string", message = "string", action = "string", path = "string", code = "string", status = "number",
  request_id = "string", recommend = "string", endpoint = "string", sent = "any", may_have_acted = "boolean",
  attempts = "number", retryable = "boolean", gave_up = "string", retry_after = "number", elapsed = "number",
  client_token = "string", access_denied = "table", excerpt = "string", advice = "string", state = "table",
}

local Error = { __name = "dataworks.Error" }

local ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function escape(byte)
  return ESCAPES[byte] or ("\\x%02x"):format(byte:byte())
end

--- A text as one line of bounded length, with escaped control characters.
---@param text any
---@param max_bytes? integer default 2000
---@return string
function M.line(text, max_bytes)
  text = tostring(text)
  max_bytes = max_bytes or MAX_TEXT_BYTES
  if #text > max_bytes then
    text = text:sub(1, texts.cut_length(text, max_bytes)) .. "..."
  end
  return (text:gsub("[%z\1-\31\127]", escape))
end

---@param fields table fields with an unknown name or a wrong type are dropped
---@return dataworks.Error
function M.new(fields)
  local err = {}
  for name, kind in pairs(FIELDS) do
    local value = fields[name]
    if value ~= nil and (kind == "any" or type(value) == kind) then
      err[name] = kind == "string" and M.line(value) or value
    end
  end
  if err.may_have_acted == nil and err.sent ~= nil then
    err.may_have_acted = err.sent ~= false
  end
  err.kind = err.kind or "protocol"
  err.message = err.message or err.kind
  return setmetatable(err, Error)
end

--- An error about a value that the program gave, found before anything is sent.
---@param action string
---@param path string
---@param message string
---@param advice? string
---@return dataworks.Error
function M.invalid(action, path, message, advice)
  return M.new { kind = "invalid", sent = false, action = action, path = path, message = message, advice = advice }
end

--- Calls a callback of the program. An error that it raises stops the operation.
---@param name string of the option, for the message
---@param callback fun(value: table)|nil
---@param value table
---@return table|nil fields of an error of kind "cancelled"
function M.of_callback(name, callback, value)
  local ok, message = true, nil
  if callback then
    ok, message = pcall(callback, value)
  end
  return not ok and { kind = "cancelled", message = ("%s raised: %s"):format(name, tostring(message)) } or nil
end

---@param value any
---@return boolean
function M.is(value)
  return type(value) == "table" and getmetatable(value) == Error
end

local GAVE_UP = {
  deadline = "no time was left for a retry", budget = "not retried, since too many calls failed before",
}

local function details(err)
  local list = {}
  local function add(format, value)
    if value then
      list[#list + 1] = format:format(value)
    end
  end
  add("%s", err.code)
  add("HTTP %d", err.status)
  add("%s", err.endpoint)
  add("request %s", err.request_id)
  add("%d attempts", err.attempts and err.attempts > 1 and err.attempts)
  add("%s", GAVE_UP[err.gave_up])
  -- A retryable call without a token only reads: it has no effect to warn of.
  if err.may_have_acted and (err.client_token or not err.retryable) then
    add("%s", "it may have been carried out")
    add("ClientToken %s", err.client_token)
  end
  return #list > 0 and " (" .. table.concat(list, ", ") .. ")" or ""
end

--- The message without a full stop, so that details can follow.
local function without_stop(message)
  local text = texts.trim_end(message)
  return text:sub(-1) == "." and texts.trim_end(text:sub(1, -2)) or text
end

function Error:__tostring()
  local text = without_stop(self.message)
  if self.path then
    text = self.path .. ": " .. text
  end
  if self.action then
    text = self.action .. ": " .. text
  end
  return text .. details(self) .. (self.advice and ". " .. self.advice or "")
end

function Error.__concat(left, right)
  return tostring(left) .. tostring(right)
end

return M
