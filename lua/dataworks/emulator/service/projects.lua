-- The actions that read and change the configuration of a project. The configuration has a policy for each kind of
-- schema change in a source table.

local json = require "dataworks.emulator.json"
local reply = require "dataworks.emulator.service.reply"
local script = require "dataworks.emulator.service.script"
local tables = require "dataworks.util.tables"

local M = {}

local DESTINATIONS = tables.set_of("analyticdb_for_mysql odps elasticsearch holo mysql polardb")
local SOURCES = tables.set_of("oracle mysql polardb datahub drds analyticdb_for_mysql")
local POLICIES = tables.set_of("NORMAL IGNORE WARNING CRITICAL")
local CHANGES = "RENAMECOLUMN DROPTABLE CREATETABLE MODIFYCOLUMN TRUNCATETABLE DROPCOLUMN ADDCOLUMN RENAMETABLE"
local IS_CHANGE = tables.set_of(CHANGES)
local DEFAULT_CONFIG = ("{%s}"):format((CHANGES:gsub("%S+", '"%0":"WARNING"'):gsub(" ", ",")))

--- Returns an action that checks the types of source and destination, and passes the key of their configuration to
--- `act`.
local function with_config_key(act)
  return function(state, params)
    local source, destination = params.SourceType, params.DestinationType
    if not DESTINATIONS[destination] then
      return reply.invalid("DestinationType is not known")
    elseif source and not SOURCES[source] then
      return reply.invalid("SourceType is not known")
    end
    return act(state, ("%s:%s:%s"):format(params.ProjectId, destination, source or ""), params)
  end
end

M.ListDIProjectConfig = with_config_key(function(state, key)
  return reply.acted(json.object("Config", state.project_configs[key] or DEFAULT_CONFIG))
end)

M.UpdateDIProjectConfig = with_config_key(function(state, key, params)
  for change, policy in pairs(script.parse_object(params.ProjectConfig, reply.invalid)) do
    if not IS_CHANGE[change] or not POLICIES[policy] then
      return reply.invalid("ProjectConfig." .. change)
    end
  end
  state.project_configs[key] = params.ProjectConfig
  return reply.acted(json.object("Status", state.settings.success_status))
end)

return M
