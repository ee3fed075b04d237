-- Refusals of the gateway, in the provider's own words.

local M = {}

---@class dataworks.emulator.Refusal
---@field status integer
---@field code string
---@field message string

---@param status integer
---@param code string
---@param message string
---@return dataworks.emulator.Refusal
function M.new(status, code, message)
  return { status = status, code = code, message = message }
end

---@param parameter string
---@return dataworks.emulator.Refusal
function M.missing(parameter)
  return M.new(400, "Missing" .. parameter, parameter .. " is mandatory for this action.")
end

---@param parameter string
---@return dataworks.emulator.Refusal
function M.invalid(parameter)
  return M.new(400, "Invalid" .. parameter, ("Specified parameter %s is not valid."):format(parameter))
end

---@return dataworks.emulator.Refusal
function M.invalid_signature_method()
  return M.new(400, "InvalidSignatureMethod", "Specified signature method is not valid.")
end

return M
