-- The actions of the DISync family, as data. These rows say more than the generated tables in catalog/.
--
--   version     of the API; "2020-05-18" when absent
--   method      of HTTP; "POST" when absent
--   repeatable  "always": the action only reads
--               "token": the action takes effect once per ClientToken
--               "unsent": retried only if the request surely did not arrive
--   status      the meaning of Data.Status. "fail" and "false" are failures, except with "none"
--               "outcome": every value but "success" and "true" is a failure
--               "progress": every other value means not ready yet
--               "state": every other value is the state of the object
--               "none": the status says nothing about the call; generated rows only
--   list        the path of the list in the reply, whose pages can be iterated over
--   params      {name, type, location ("query" or "body"), required =, values =}
--
-- Types: long, int32, double, string and boolean. json: text, or a table that is encoded. array: the same, for a table
-- that is a list. task_param and update_param: json whose tables are checked as the scripts of the two Generate
-- actions. list: a table that becomes one parameter per value.

---@class dataworks.Action
---@field name string
---@field version string
---@field method string
---@field repeatable "always"|"token"|"unsent"
---@field status "outcome"|"progress"|"state"|"none"
---@field list? string as in Data.Files
---@field params table[]

local PROJECT_ID = { "ProjectId", "long", "query", required = true }
local FILE_ID = { "FileId", "long", "query", required = true }
local CLIENT_TOKEN = { "ClientToken", "string", "query" }
local TASK_TYPE = {
  "TaskType", "string", "query", required = true, values = { "DI_OFFLINE", "DI_REALTIME", "DI_SOLUTION" },
}
local GENERATED_TYPE = {
  "TaskType", "string", "query", required = true, values = { "DI_REALTIME", "DI_SOLUTION" },
}
local SOURCE_TYPE = { "SourceType", "string", "query" }
local DESTINATION_TYPE = { "DestinationType", "string", "query", required = true }

-- The parameters of an action on one task.
local TASK = { PROJECT_ID, FILE_ID, TASK_TYPE }

---@type table<string, dataworks.Action>
local rows = {
  GenerateDISyncTaskConfigForCreating = {
    repeatable = "token", status = "outcome",
    params = { PROJECT_ID, GENERATED_TYPE, { "TaskParam", "task_param", "query", required = true }, CLIENT_TOKEN },
  },
  GenerateDISyncTaskConfigForUpdating = {
    repeatable = "token", status = "outcome",
    params = {
      PROJECT_ID, GENERATED_TYPE, { "TaskId", "long", "query", required = true },
      { "TaskParam", "update_param", "query", required = true }, CLIENT_TOKEN,
    },
  },
  QueryDISyncTaskConfigProcessResult = {
    repeatable = "always", status = "progress",
    params = { PROJECT_ID, TASK_TYPE, { "AsyncProcessId", "long", "query", required = true } },
  },
  CreateDISyncTask = {
    repeatable = "token", status = "outcome",
    params = {
      PROJECT_ID, TASK_TYPE, { "TaskName", "string", "query" }, { "TaskParam", "json", "query" },
      { "TaskContent", "json", "body", required = true }, CLIENT_TOKEN,
    },
  },
  UpdateDISyncTask = {
    repeatable = "unsent", status = "outcome",
    params = { PROJECT_ID, FILE_ID, TASK_TYPE, { "TaskParam", "json", "query" }, { "TaskContent", "json", "query" } },
  },
  GetDISyncTask = { repeatable = "always", status = "outcome", params = TASK },
  DeleteDISyncTask = { repeatable = "unsent", status = "outcome", params = TASK },
  DeployDISyncTask = { repeatable = "unsent", status = "outcome", params = TASK },
  ListRefDISyncTasks = {
    repeatable = "always", status = "outcome", list = "Data.DISyncTasks",
    params = {
      PROJECT_ID, TASK_TYPE, { "DatasourceName", "string", "query", required = true },
      { "RefType", "string", "query", required = true, values = { "from", "to" } },
      { "PageNumber", "long", "query" }, { "PageSize", "long", "query" },
    },
  },
  StartDISyncInstance = {
    repeatable = "unsent", status = "outcome",
    params = { PROJECT_ID, FILE_ID, TASK_TYPE, { "StartParam", "json", "query" } },
  },
  StopDISyncInstance = { repeatable = "unsent", status = "outcome", params = TASK },
  TerminateDISyncInstance = { repeatable = "unsent", status = "outcome", params = TASK },
  GetDISyncInstanceInfo = { repeatable = "always", status = "state", params = TASK },
  ListDIProjectConfig = {
    repeatable = "always", status = "outcome", params = { PROJECT_ID, DESTINATION_TYPE, SOURCE_TYPE },
  },
  UpdateDIProjectConfig = {
    repeatable = "unsent", status = "outcome",
    params = { PROJECT_ID, DESTINATION_TYPE, SOURCE_TYPE, { "ProjectConfig", "json", "query", required = true } },
  },
}

for name, row in pairs(rows) do
  row.name, row.version, row.method = name, row.version or "2020-05-18", row.method or "POST"
end

return rows
