-- Writes a signed request as text: as it is sent, with *** in place of its secrets.

local tables = require "dataworks.util.tables"

local M = {}

local SECRET_HEADERS = { authorization = true, ["x-acs-security-token"] = true, ["x-acs-bearer-token"] = true }
local SECRET_PARAMETERS = { "Signature", "SecurityToken", "BearerToken" }

local function redact_parameters(text)
  for _, parameter in ipairs(SECRET_PARAMETERS) do
    text = text:gsub("(%f[^%z&?]" .. parameter .. "=)[^&]*", "%1***")
  end
  return text
end

--- Returns the text of a request.
---@param request userdata|table a signed request of dataworks.core, or a table with the same fields
function M.text(request)
  local lines, headers = { request.method .. " " .. redact_parameters(request.url) }, request.headers
  for _, name in ipairs(tables.sorted_keys(headers)) do
    lines[#lines + 1] = name .. ": " .. (SECRET_HEADERS[name] and "***" or headers[name])
  end
  lines[#lines + 1] = request.body ~= "" and "\n" .. redact_parameters(request.body) or nil
  return table.concat(lines, "\n")
end

local Request = { __name = "dataworks.Request", __tostring = M.text }

--- Makes tostring return the text of a request.
---@param request table
function M.wrap(request)
  return setmetatable(request, Request)
end

return M
