-- The actions of version 2024-05-18 that show what the runs of a job did. The emulator moves no data, so there are no
-- events and no values of metrics.

local declared = require "dataworks.emulator.service.declared"
local jobs = require "dataworks.emulator.service.jobs"
local json = require "dataworks.emulator.json"
local paging = require "dataworks.emulator.service.paging"
local reply = require "dataworks.emulator.service.reply"
local wrap = require "dataworks.emulator.service.wrap"

local M = {}

local function find(state, params)
  return jobs.find(state, params.Id or params.DIJobId)
end

function M.GetDIJobLog(state, params)
  local job = find(state, params)
  return reply.members("Log", ("%s %s\n"):format(job.JobName, job.JobStatus))
end

M.ListDIJobEvents = wrap.with_page(function(state, params, page)
  find(state, params)
  return reply.members("PagingInfo", paging.object("DIJobEvent", {}, page))
end)

function M.ListDIJobMetrics(state, params)
  find(state, params)
  local metrics = {}
  for i, name in ipairs(declared.decode(params, "MetricName", { "string" })) do
    metrics[i] = json.object("Name", name, "SeriesList", json.list({}))
  end
  return reply.members("PagingInfo", json.object("JobMetrics", json.list(metrics)))
end

--- Returns the names of the tables, databases and so on that a table mapping selects, by type of object, with the name
--- of the data source.
local function selected_objects(mapping, source)
  local names = { DataSource = source }
  for _, rule in ipairs(mapping.SourceObjectSelectionRules or {}) do
    names[rule.ObjectType or ""] = rule.Expression
  end
  return names
end

--- Returns true if the names fit the parameters, which can each name one thing.
local function is_wanted(names, params)
  for _, kind in ipairs({ "DataSource", "Database", "Schema", "Table" }) do
    local wanted = params["Source" .. kind .. "Name"]
    if wanted and wanted ~= names[kind] then
      return false
    end
  end
  return true
end

local function first_source(settings)
  return settings and settings[1] and settings[1].DataSourceName
end

--- The numbers of the page are texts in this reply.
M.ListDIJobRunDetails = wrap.with_page(function(state, params, page)
  local job, found = find(state, params), {}
  for _, mapping in ipairs(job.StartedTime and job.TableMappings or {}) do
    local names = selected_objects(mapping, first_source(job.SourceDataSourceSettings))
    found[#found + 1] = is_wanted(names, params) and names or nil
  end
  local items = paging.items(found, page, function(names)
    return json.object("SourceDatasourceName", names.DataSource,
      "SourceDatabaseName", names.Database, "SourceSchemaName", names.Schema, "SourceTableName", names.Table,
      "DestinationDatasourceName", first_source(job.DestinationDataSourceSettings),
      "DestinationTableName", names.Table, "OfflineTotalRecords", 0, "OfflineTotalBytes", 0, "OfflineErrorRecords", 0,
      "StructureMigrationStatus", "Finished", "RealtimeMigrationStatus", job.JobStatus)
  end)
  return reply.members("PagingInfo", json.object("JobRunInfos", items, "PageNumber", tostring(page.number),
    "PageSize", tostring(page.size), "TotalCount", tostring(#found)))
end)

return M
