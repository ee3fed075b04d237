-- The type of every error that the library returns. An error keeps only the fields that are listed here. Any other
-- field is dropped, so that no secret gets into an error by accident.

local texts = require "dataworks.util.text"

local M = {}

local MAX_TEXT_BYTES = 2000

---@class dataworks.Error
---@field kind "invalid"|"credentials"|"transport"|"timeout"|"service"|"task"|"protocol"|"cancelled"|"ledger"
---@field message string one line; the message of the service if the service sent one
---@field action? string the API action
---@field path? string the refused field, for example TaskParam.steps[1].stepType
---@field line? integer the place of the fault in a JSON text; line, column and byte count from 1
---@field column? integer
---@field byte? integer
---@field code? string the error code of the service or of libcurl
---@field status? integer the HTTP status of the reply
---@field request_id? string the provider's support asks for this id
---@field recommend? string URL of the provider's page about this error
---@field endpoint? string host and port of the service
---@field sent boolean|"unknown" whether the request reached the service
---@field may_have_acted boolean whether any attempt of the call may have taken effect
---@field attempts? integer the number of attempts that the call made
---@field retryable? boolean true: another call with the same client_token is safe, and may succeed
---@field gave_up? "attempts"|"deadline"|"budget" the reason why a retryable call was not retried
---@field retry_after? number the number of seconds that the service asks to wait
---@field elapsed? number seconds since the call began
---@field client_token? string another call of the same function with this ClientToken has no second effect
---@field access_denied? table<string, string> details of a denied access: AuthAction, PolicyType and others
---@field excerpt? string the first bytes of an unreadable reply
---@field advice? string sentences: the likely cause and what to change
---@field state? table the value for the option `resume`, or the params for another `wait` or `wait_for_state`

local FIELDS = {
  kind = "string", message = "string", action = "string", path = "string", line = "number", column = "number",
  byte = "number", code = "string", status = "number", request_id = "string", recommend = "string", endpoint = "string",
  sent = "any", may_have_acted = "boolean", attempts = "number", retryable = "boolean", gave_up = "string",
  retry_after = "number", elapsed = "number", client_token = "string", access_denied = "table", excerpt = "string",
  advice = "string", state = "table",
}

local Error = { __name = "dataworks.Error" }

-- Errors of these kinds are found before a request is sent.
local KINDS_BEFORE_SENDING = { invalid = true, credentials = true }

--- Returns a value as one line of text, with escapes. A longer text is cut, and ends with "...".
---@param text any
---@param max_bytes? integer default: 2000
---@return string
function M.line(text, max_bytes)
  text = tostring(text)
  max_bytes = max_bytes or MAX_TEXT_BYTES
  if #text > max_bytes then
    text = text:sub(1, texts.cut_length(text, max_bytes)) .. "..."
  end
  return texts.escape(text)
end

--- Returns an advice as sentences. A name such as max_reply_bytes at the beginning stays as it is.
local function sentences(advice)
  local first = advice:match "^%l+%f[^%w_=]"
  if first then
    advice = advice:sub(1, 1):upper() .. advice:sub(2)
  end
  return advice:find "[.?!]$" and advice or advice .. "."
end

--- Creates an error.
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
  err.kind = err.kind or "protocol"
  err.message = err.message or err.kind
  err.advice = err.advice and sentences(err.advice)
  if err.sent == nil then
    err.sent = not KINDS_BEFORE_SENDING[err.kind] and "unknown"
  end
  if err.may_have_acted == nil then
    err.may_have_acted = err.sent ~= false
  end
  return setmetatable(err, Error)
end

--- Creates an error of kind "invalid", which means that the program gave a wrong value and that nothing was sent.
---@param action string
---@param path string
---@param message string
---@param advice? string
---@return dataworks.Error
function M.invalid(action, path, message, advice)
  return M.new { kind = "invalid", sent = false, action = action, path = path, message = message, advice = advice }
end

--- Calls a callback of the program, if there is one. If the callback raises an error, returns the fields of an error of
--- kind "cancelled". The operation then ends with this error.
---@param name string the option that holds the callback, for the message
---@param callback fun(value: table)|nil
---@param value table
---@return table|nil fields
function M.run_callback(name, callback, value)
  local ok, message = true, nil
  if callback then
    ok, message = pcall(callback, value)
  end
  if not ok then
    return { kind = "cancelled", sent = false, message = ("%s raised: %s"):format(name, tostring(message)) }
  end
end

--- Returns whether a value is an error of this library.
---@param value any
---@return boolean
function M.is(value)
  return type(value) == "table" and getmetatable(value) == Error
end

local GAVE_UP = {
  deadline = "no time was left for a retry", budget = "not retried, since too many calls failed before",
}

--- Returns the details of an error in parentheses; "" if there are none.
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
  -- A retryable call without a ClientToken only reads, so the text does not say that anything was carried out.
  if err.may_have_acted and (err.client_token or not err.retryable) then
    add("%s", "it may have been carried out")
    add("ClientToken %s", err.client_token)
  end
  return #list > 0 and " (" .. table.concat(list, ", ") .. ")" or ""
end

--- Returns the message without the full stop at its end, so that details can follow.
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
  text = text .. details(self)
  local stop = text:sub(-1) == "?" and " " or ". "
  return text .. (self.advice and stop .. self.advice or "")
end

function Error.__concat(left, right)
  return tostring(left) .. tostring(right)
end

return M
