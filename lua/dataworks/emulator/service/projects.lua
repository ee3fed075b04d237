-- What a project does by default with changes of a table's structure.

local json = require "dataworks.emulator.json"
local reply = require "dataworks.emulator.service.reply"
local script = require "dataworks.emulator.service.script"

local M = {}

local function set(text)
  local names = {}
  for name in text:gmatch("%S+") do
    names[name] = true
  end
  return names
end

local DESTINATIONS = set("analyticdb_for_mysql odps elasticsearch holo mysql polardb")
local SOURCES = set("oracle mysql polardb datahub drds analyticdb_for_mysql")
local POLICIES = set("NORMAL IGNORE WARNING CRITICAL")
local CHANGES = {
  "RENAMECOLUMN", "DROPTABLE", "CREATETABLE", "MODIFYCOLUMN", "TRUNCATETABLE", "DROPCOLUMN", "ADDCOLUMN",
  "RENAMETABLE",
}

local known_changes, default = {}, { count = 0 }
for _, name in ipairs(CHANGES) do
  known_changes[name] = true
  default[#default + 1] = name
  default[#default + 1] = "WARNING"
end
local DEFAULT_CONFIG = json.encode(json.object((table.unpack or unpack)(default)))

local function key_of(params)
  if not DESTINATIONS[params.DestinationType] then
    return nil, "DestinationType is not known"
  elseif params.SourceType and not SOURCES[params.SourceType] then
    return nil, "SourceType is not known"
  end
  return ("%s:%s:%s"):format(params.ProjectId, params.DestinationType, params.SourceType or "")
end

function M.ListDIProjectConfig(state, params)
  local key, detail = key_of(params)
  if not key then
    return reply.invalid(detail)
  end
  return reply.done(json.object("Config", state.project_configs[key] or DEFAULT_CONFIG))
end

function M.UpdateDIProjectConfig(state, params)
  local key, detail = key_of(params)
  if not key then
    return reply.invalid(detail)
  end
  local config, wrong = script.object(params.ProjectConfig)
  if not config then
    return reply.invalid(wrong)
  end
  for change, policy in pairs(config) do
    if not known_changes[change] or not POLICIES[policy] then
      return reply.invalid("ProjectConfig." .. change)
    end
  end
  state.project_configs[key] = params.ProjectConfig
  return reply.done(json.object("Status", state.settings.success_status))
end

return M
