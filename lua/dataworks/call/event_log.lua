-- Writes events as readable lines, such as `dataworks: response action=GetFile attempt=1 status=200`.

local errors = require "dataworks.error"
local tables = require "dataworks.util.tables"

local M = {}

-- The fields of an event, in the order in which a line shows them.
local FIELDS = {
  "action", "provider", "reason", "attempt", "endpoint", "client_token", "status", "request_id", "elapsed", "delay",
  "expires", "error",
}

-- The fields whose values are shown in milliseconds.
local DURATIONS = { elapsed = true, delay = true, expires = true }

local MAX_VALUE_BYTES = 500

--- Returns a value as text. A text that is empty, or has a space, a quote, a backslash or "=", is quoted.
local function format_value(name, value)
  if DURATIONS[name] then
    return ("%.0fms"):format(value * 1000)
  end
  local text = errors.line(value, MAX_VALUE_BYTES)
  if text == "" or text:find '[%s"=\\]' then
    return '"' .. text:gsub('["\\]', "\\%0") .. '"'
  end
  return text
end

function M.line(event)
  local words = { "dataworks: " .. event.type }
  for _, name in ipairs(FIELDS) do
    if event[name] ~= nil then
      words[#words + 1] = name .. "=" .. format_value(name, event[name])
    end
  end
  return table.concat(words, " ")
end

--- Returns the function that writes the lines of a client; nil when debugging is off.
---@param option boolean|nil|fun(line: string) the option `debug`
function M.writer(option, getenv)
  local libraries = tables.set_of((getenv "ALIBABA_CLOUD_DEBUG" or ""):lower())
  if type(option) == "function" then
    return option
  elseif option or option == nil and libraries.dataworks then
    return function(line) io.stderr:write(line, "\n") end
  end
end

return M
