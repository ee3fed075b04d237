-- Creates the refusals of the gateway. Their messages are the messages of the real gateway.

local M = {}

---@class dataworks.emulator.Refusal
---@field status integer
---@field code string
---@field message string

function M.new(status, code, message)
  return { status = status, code = code, message = message }
end

function M.missing(parameter)
  return M.new(400, "Missing" .. parameter, parameter .. " is mandatory for this action.")
end

function M.invalid(parameter)
  return M.new(400, "Invalid" .. parameter, ("Specified parameter %s is not valid."):format(parameter))
end

--- Returns the refusal of something that the service does and the emulator does not. The service lacks this code.
function M.not_served(what)
  return M.new(400, "NotServedByEmulator",
    ("The emulator does not serve %s. The page docs/emulator.md lists what it serves."):format(what))
end

function M.invalid_signature_method()
  return M.new(400, "InvalidSignatureMethod", "Specified signature method is not valid.")
end

return M
