-- The actions of the DISync family, as data. These rows say more than the generated tables in catalog/.
--
--   version     of the API
--   method      of HTTP
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

local VERSION = "2020-05-18"

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

---@type table<string, dataworks.Action>
local rows = {
  GenerateDISyncTaskConfigForCreating = {
    version = VERSION, method = "POST", repeatable = "token", status = "outcome",
    params = {
      PROJECT_ID, GENERATED_TYPE, { "TaskParam", "task_param", "query", required = true }, CLIENT_TOKEN,
    },
  },
  GenerateDISyncTaskConfigForUpdating = {
    version = VERSION, method = "POST", repeatable = "token", status = "outcome",
    params = {
      PROJECT_ID, GENERATED_TYPE, { "TaskId", "long", "query", required = true },
      { "TaskParam", "update_param", "query", required = true }, CLIENT_TOKEN,
    },
  },
  QueryDISyncTaskConfigProcessResult = {
    version = VERSION, method = "POST", repeatable = "always", status = "progress",
    params = { PROJECT_ID, TASK_TYPE, { "AsyncProcessId", "long", "query", required = true } },
  },
  CreateDISyncTask = {
    version = VERSION, method = "POST", repeatable = "token", status = "outcome",
    params = {
      PROJECT_ID, TASK_TYPE, { "TaskName", "string", "query" }, { "TaskParam", "json", "query" },
      { "TaskContent", "json", "body", required = true }, CLIENT_TOKEN,
    },
  },
  UpdateDISyncTask = {
    version = VERSION, method = "POST", repeatable = "unsent", status = "outcome",
    params = {
      PROJECT_ID, FILE_ID, TASK_TYPE, { "TaskParam", "json", "query" }, { "TaskContent", "json", "query" },
    },
  },
  GetDISyncTask = {
    version = VERSION, method = "POST", repeatable = "always", status = "outcome",
    params = { PROJECT_ID, FILE_ID, TASK_TYPE },
  },
  DeleteDISyncTask = {
    version = VERSION, method = "POST", repeatable = "unsent", status = "outcome",
    params = { PROJECT_ID, FILE_ID, TASK_TYPE },
  },
  DeployDISyncTask = {
    version = VERSION, method = "POST", repeatable = "unsent", status = "outcome",
    params = { PROJECT_ID, FILE_ID, TASK_TYPE },
  },
  ListRefDISyncTasks = {
    version = VERSION, method = "POST", repeatable = "always", status = "outcome", list = "Data.DISyncTasks",
    params = {
      PROJECT_ID, TASK_TYPE, { "DatasourceName", "string", "query", required = true },
      { "RefType", "string", "query", required = true, values = { "from", "to" } },
      { "PageNumber", "long", "query" }, { "PageSize", "long", "query" },
    },
  },
  StartDISyncInstance = {
    version = VERSION, method = "POST", repeatable = "unsent", status = "outcome",
    params = { PROJECT_ID, FILE_ID, TASK_TYPE, { "StartParam", "json", "query" } },
  },
  StopDISyncInstance = {
    version = VERSION, method = "POST", repeatable = "unsent", status = "outcome",
    params = { PROJECT_ID, FILE_ID, TASK_TYPE },
  },
  TerminateDISyncInstance = {
    version = VERSION, method = "POST", repeatable = "unsent", status = "outcome",
    params = { PROJECT_ID, FILE_ID, TASK_TYPE },
  },
  GetDISyncInstanceInfo = {
    version = VERSION, method = "POST", repeatable = "always", status = "state",
    params = { PROJECT_ID, FILE_ID, TASK_TYPE },
  },
  ListDIProjectConfig = {
    version = VERSION, method = "POST", repeatable = "always", status = "outcome",
    params = { PROJECT_ID, DESTINATION_TYPE, SOURCE_TYPE },
  },
  UpdateDIProjectConfig = {
    version = VERSION, method = "POST", repeatable = "unsent", status = "outcome",
    params = {
      PROJECT_ID, DESTINATION_TYPE, SOURCE_TYPE, { "ProjectConfig", "json", "query", required = true },
    },
  },
}

for name, row in pairs(rows) do
  row.name = name
end

return rows
