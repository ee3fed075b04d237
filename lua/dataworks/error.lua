-- The one shape of errors.

local M = {}

---@class dataworks.Error
---@field kind "invalid"|"credentials"|"transport"|"timeout"|"service"|"task"|"protocol"|"cancelled"
---@field message string what was wrong
---@field action? string the action that was called
---@field path? string "invalid": the field, as in TaskParam.steps[1].stepType
---@field advice? string what helps
---@field sent? boolean|"unknown" may the service have acted? "transport" and "timeout"
---@field status? integer HTTP status
---@field code? string the service's code, or libcurl's
---@field request_id? string to be given to Alibaba Cloud's support
---@field recommend? string the service's link to a diagnosis
---@field body? string "protocol": the first bytes of the reply
---@field attempts? integer how often it was tried
---@field retryable? boolean may the same call be repeated as it is?
---@field retry_after? number seconds that the service asks to wait
---@field elapsed? number seconds from the call to the error
---@field client_token? string a call with the same ClientToken can't take effect twice
---@field state? table with which a flow goes on: {resume = err.state}
local Error = { __name = "dataworks.Error" }

local FIELDS = {
  "kind", "message", "action", "path", "advice", "sent", "status", "code", "request_id", "recommend", "body",
  "attempts", "retryable", "retry_after", "elapsed", "client_token", "state",
}

-- Only what stands above gets in: an error can't carry a request, and so no secret.
---@param fields table
---@return dataworks.Error
function M.new(fields)
  local err = {}
  for _, name in ipairs(FIELDS) do err[name] = fields[name] end
  return setmetatable(err, Error)
end

---@param value any
---@return boolean
function M.is(value)
  return type(value) == "table" and getmetatable(value) == Error
end

local SENT = {
  [true] = "the request was sent",
  [false] = "nothing was sent",
  unknown = "the request may have been sent",
}

local function details(err)
  local list = {}
  if err.status then list[#list + 1] = "HTTP " .. err.status end
  if err.request_id then list[#list + 1] = "request " .. err.request_id end
  if err.sent ~= nil then list[#list + 1] = SENT[err.sent] end
  if (err.attempts or 1) > 1 then list[#list + 1] = err.attempts .. " attempts" end
  return #list > 0 and " (" .. table.concat(list, ", ") .. ")" or ""
end

function Error:__tostring()
  local parts = {}
  if self.action then parts[#parts + 1] = self.action .. ": " end
  if self.path then parts[#parts + 1] = self.path .. " " end
  if self.code then parts[#parts + 1] = self.code .. ": " end
  parts[#parts + 1] = self.message or self.kind
  parts[#parts + 1] = details(self)
  if self.advice then parts[#parts + 1] = "; " .. self.advice end
  return table.concat(parts)
end

function Error.__concat(left, right)
  return tostring(left) .. tostring(right)
end

return M
