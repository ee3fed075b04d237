-- The possible replies about a process that is not finished. The service's documentation does not show this reply, so
-- the setting pending_form selects one of them.

local json = require "dataworks.emulator.json"

---@type table<string, fun(settings: table): table>
return {
  absent = function() return json.object("Message", "") end,
  empty = function() return json.object() end,
  null = function() return json.null end,
  processing = function() return json.object("Status", "processing", "Message", "") end,
  no_content = function(settings)
    return json.object("Status", settings.success_status, "Message", "", "TaskContent", "")
  end,
}
