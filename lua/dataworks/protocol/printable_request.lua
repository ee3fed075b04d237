-- Sets the result of tostring for a signed request: the text of the request as it is sent, with *** in place of its
-- secrets.

local tables = require "dataworks.util.tables"

local M = {}

local SECRET_HEADERS = { authorization = true, ["x-acs-security-token"] = true, ["x-acs-bearer-token"] = true }
local SECRET_PARAMETERS = { "Signature", "SecurityToken", "BearerToken" }

local Request = { __name = "dataworks.Request" }

local function redact_parameters(text)
  for _, parameter in ipairs(SECRET_PARAMETERS) do
    text = text:gsub("(%f[^%z&?]" .. parameter .. "=)[^&]*", "%1***")
  end
  return text
end

function Request:__tostring()
  local lines = { self.method .. " " .. redact_parameters(self.url) }
  for _, name in ipairs(tables.sorted_keys(self.headers)) do
    lines[#lines + 1] = name .. ": " .. (SECRET_HEADERS[name] and "***" or self.headers[name])
  end
  lines[#lines + 1] = self.body ~= "" and "\n" .. redact_parameters(self.body) or nil
  return table.concat(lines, "\n")
end

function M.wrap(request)
  return setmetatable(request, Request)
end

return M
