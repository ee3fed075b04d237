-- The possible replies to a poll of an unfinished process. The provider documents none, so a setting selects one.

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
