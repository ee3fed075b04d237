-- The one shape of every error that is returned. Fields are named here one by one, so that nothing else, a
-- secret above all, can slip into one.

local retry = require "dataworks.call.retry"

local M = {}

local LONGEST_TEXT = 2000

---@class dataworks.Error
---@field kind "invalid"|"credentials"|"transport"|"timeout"|"service"|"task"|"protocol"|"cancelled"
---@field message string one line, the service's own where it sent one
---@field action? string the API action
---@field path? string the field that was refused: TaskParam.steps[1].stepType
---@field code? string the service's code, or libcurl's
---@field status? integer of HTTP
---@field request_id? string what the provider's support asks for
---@field recommend? string the provider's page on this error
---@field endpoint? string where it was sent
---@field sent? boolean|"unknown" whether the service may have acted
---@field attempts? integer how often it was tried
---@field retryable? boolean repeating the same call is safe and may help
---@field gave_up? "attempts"|"deadline"|"budget" why it was not repeated although it is retryable
---@field retry_after? number seconds the service asks to wait
---@field elapsed? number seconds since the call began
---@field client_token? string repeats the call without a second effect
---@field access_denied? table<string, string> of a refused user: AuthAction, PolicyType, ...
---@field excerpt? string the first bytes of a reply that can't be understood
---@field advice? string one line that helps
---@field state? table what `resume` or another `wait` goes on from
local FIELDS = {
  kind = "string", message = "string", action = "string", path = "string", code = "string", status = "number",
  request_id = "string", recommend = "string", endpoint = "string", sent = "any", attempts = "number",
  retryable = "boolean", gave_up = "string", retry_after = "number", elapsed = "number", client_token = "string",
  access_denied = "table", excerpt = "string", advice = "string", state = "table",
}

local Error = { __name = "dataworks.Error" }

local NAMED = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function visible_byte(byte)
  return NAMED[byte] or ("\\x%02x"):format(byte:byte())
end

--- Text as one line of bounded length, its control characters made visible.
---@param text any
---@param longest? integer bytes, 2000 when absent
---@return string
function M.line(text, longest)
  text = tostring(text)
  longest = longest or LONGEST_TEXT
  if #text > longest then
    local cut = longest
    while cut > longest - 4 and (text:byte(cut + 1) or 0) >= 0x80 and (text:byte(cut + 1) or 0) < 0xc0 do
      cut = cut - 1
    end
    text = text:sub(1, cut) .. "..."
  end
  return (text:gsub("[%z\1-\31\127]", visible_byte))
end

---@param fields table what is no field of an error is left out
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
  return setmetatable(err, Error)
end

---@param value any
---@return boolean
function M.is(value)
  return type(value) == "table" and getmetatable(value) == Error
end

local GAVE_UP = {
  deadline = "no time was left to repeat it", budget = "not repeated, since too many calls failed before",
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
  -- What may be repeated as it is, without a token, does nothing that could be done twice.
  if err.sent and retry.may_have_acted(err) and (err.client_token or not err.retryable) then
    add("%s", "it may have been carried out")
    add("ClientToken %s", err.client_token)
  end
  return #list > 0 and " (" .. table.concat(list, ", ") .. ")" or ""
end

function Error:__tostring()
  local text = self.message:gsub("%s*%.?%s*$", "")
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
