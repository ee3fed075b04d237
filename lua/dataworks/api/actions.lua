-- The actions on synchronization tasks (their names contain DISync), as data. These rows are written by hand, and hold
-- more facts than the generated tables in the folder catalog. The fields of a row are:
--
--   version     the version of the API; default: "2020-05-18"
--   method      the HTTP method; default: "POST"
--   repeatable  when a call can be retried
--               "always": always, because the action only reads
--               "token": if it carries a ClientToken, because the action takes effect once per ClientToken
--               "unsent": only if the request certainly did not reach the service
--   status      what Data.Status means. Except with "none", the values "fail" and "false" mean that the call failed
--               "outcome": "success" and "true" mean that the call succeeded, and any other value that it failed
--               "progress": any other value, except "success" and "true", means that the result is not ready yet
--               "state": any other value is the state of the object
--               "none": the value says nothing about the call; only generated rows have this
--   list        the path of the list in the reply, whose pages can be iterated over
--   params      a list of { name, type, location ("query" or "body"), required = true or nil, values = list or nil }
--
-- The types of parameters are long, int32, double, string, boolean, and:
--
--   json          a JSON text, or a table that is encoded as JSON
--   array         a JSON text, or a list that is encoded as JSON
--   task_param    json; a table is checked as the TaskParam of GenerateDISyncTaskConfigForCreating
--   update_param  json; a table is checked as the TaskParam of GenerateDISyncTaskConfigForUpdating
--   list          a table, which is sent as one parameter for each value
--   comma_list    a list, which is sent as one text with commas between the values, or this text

---@class dataworks.Action
---@field name string
---@field version string
---@field method string
---@field repeatable "always"|"token"|"unsent"
---@field status "outcome"|"progress"|"state"|"none"
---@field list? string for example Data.Files
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

-- The parameters of an action on one existing task.
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
