-- The actions that list the resource groups of the account and the data sources of a project. They have the names from
-- the scripts in the service's documentation.

local json = require "dataworks.emulator.json"
local paging = require "dataworks.emulator.service.paging"
local reply = require "dataworks.emulator.service.reply"
local wrap = require "dataworks.emulator.service.wrap"

local M = {}

local CREATED = "Jul 9, 2018 2:43:37 PM"
local TENANT = 1000000000000000

--- The documented numbers of the types: 4 is Data Integration, and 7 is scheduling.
local RESOURCE_GROUPS = {
  { id = 1, kind = "4", name = "data_integration", identifier = "S_res_group_280749521950784_1623033752022",
    mode = "ISOLATE", category = "single" },
  { id = 2, kind = "7", name = "scheduling", identifier = "S_res_group_280749521950784_1623033752023",
    mode = "ISOLATE", category = "single" },
  { id = 3, kind = "7", name = "default", identifier = "group_280749521950784", mode = "SHARE", category = "default" },
}

local function show_group(group)
  return json.object("Id", group.id, "Name", group.name, "Identifier", group.identifier, "Mode", group.mode,
    "BizExtKey", group.category, "ResourceGroupType", group.kind, "IsDefault", group.category == "default",
    "Sequence", group.id, "Status", 0, "CreateTime", CREATED, "UpdateTime", CREATED, "TenantId", TENANT,
    "EnableKp", false, "Specs", json.object(), "Tags", json.list({}))
end

function M.ListResourceGroups(_, params)
  local found = {}
  for _, group in ipairs(RESOURCE_GROUPS) do
    local is_wanted = (not params.ResourceGroupType or params.ResourceGroupType == group.kind)
      and (not params.BizExtKey or params.BizExtKey == group.category)
      and (not params.Keyword or group.name:find(params.Keyword, 1, true))
      and not params.ResourceManagerResourceGroupId and (params.Tags or "[]") == "[]"
    found[#found + 1] = is_wanted and show_group(group) or nil
  end
  return reply.with_status(json.list(found))
end

local DATA_SOURCES = {
  ["1"] = { id = 1, kind = "mysql", name = "mysql_pub1" }, ["2"] = { id = 2, kind = "mysql", name = "mysql_pub" },
  ["3"] = { id = 3, kind = "odps", name = "odps_source" }, ["4"] = { id = 4, kind = "odps", name = "odps_first" },
  ["5"] = { id = 5, kind = "kafka", name = "azn_kafka" }, ["6"] = { id = 6, kind = "holo", name = "holo" },
}

M.ListDataSources = wrap.with_page(function(state, params, page)
  local found = paging.select(DATA_SOURCES, function(source)
    return (not params.DataSourceType or params.DataSourceType == source.kind)
      and (not params.Name or source.name:find(params.Name, 1, true)) and (params.EnvType or "1") == "1"
      and (params.Status or "1") == "1" and not params.SubType
  end)
  return reply.with_status(paging.object("DataSources", found, page, function(source)
    return json.object("Id", source.id, "Name", source.name, "DataSourceType", source.kind, "EnvType", 1, "Status", 1,
      "ConnectStatus", 1, "Content", "{}", "DefaultEngine", false, "Shared", false, "Sequence", source.id,
      "Operator", state.OWNER, "GmtCreate", CREATED, "GmtModified", CREATED,
      "ProjectId", json.integer(params.ProjectId), "TenantId", TENANT)
  end))
end)

return M
