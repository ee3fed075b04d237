-- Answers requests to the paths under /_emulator/. They read and change the settings, queue faults, read the journal,
-- make the service forget, and reset the emulator.

local json = require "dataworks.emulator.json"
local settings = require "dataworks.emulator.settings"

local M = {}

--- Changes the settings. Returns all settings, or nil and a message about a wrong change.
local function change_settings(parts, changes)
  local ok, message = settings.apply(parts.settings, changes)
  if not ok then
    return nil, message
  end
  if changes.credentials then
    parts.gateway.keys:replace(parts.settings.credentials)
  end
  if changes.first_id then
    parts.service:set_next_id(parts.settings.first_id)
  end
  return parts.settings
end

--- The handlers by method and path. A handler returns the answer, or nil and a message about a wrong body.
---@type table<string, fun(parts: table, body: table, action: string|nil): table|nil, string|nil>
local HANDLERS = {
  ["GET /_emulator/settings"] = function(parts) return parts.settings end,
  ["POST /_emulator/settings"] = change_settings,
  ["POST /_emulator/faults"] = function(parts, spec)
    local ok, message = parts.faults:add(spec)
    return ok and {}, message
  end,
  ["GET /_emulator/journal"] = function(parts, _, action) return json.list(parts.journal:list(action)) end,
  ["POST /_emulator/forget"] = function(parts)
    parts:forget()
    return {}
  end,
  ["POST /_emulator/reset"] = function(parts)
    parts:reset()
    return parts.settings
  end,
}

local LOCAL_HOSTS = { ["127.0.0.1"] = true, ["localhost"] = true, ["[::1]"] = true }

local function is_local(host)
  return LOCAL_HOSTS[host:gsub("^%a+://", ""):gsub(":%d+$", "")] == true
end

--- Returns true if the request names this machine. A web page of another site can send requests to the emulator, but
--- the header Host then names the other site, or the header Origin does.
local function comes_from_here(headers)
  return is_local(headers.host or "") and is_local(headers.origin or headers.host)
end

--- Answers one request to a path under /_emulator/.
---@return integer status the HTTP status of the reply
---@return table answer the body of the reply, before it is encoded as JSON
function M.answer(parts, request)
  local handler = HANDLERS[request.method .. " " .. request.path]
  local input, wrong = json.decode(request.body == "" and "{}" or request.body)
  if not comes_from_here(request.headers) then
    return 403, { message = "the headers Host and Origin must name 127.0.0.1 or localhost" }
  elseif not handler then
    return 404, { message = "there is no such path" }
  elseif wrong or not json.is_object(input) then
    return 400, { message = "the body must be a JSON object" }
  end
  local answer, message = handler(parts, input, request.action)
  if message then
    return 400, { message = message }
  end
  return 200, answer
end

return M
