-- Parameters and replies for specs of the flows that create and update a task.

local cjson = require "cjson"
local core = require "dataworks.core"
local dataworks = require "dataworks"
local fake = require "spec.support.fake"

local M = {}

M.BIG = "9007199254740993"
M.CONTENT = '{"type":"job",  "steps":[], "b":1.0, "a":"é"}'
M.GENERATE, M.QUERY = "GenerateDISyncTaskConfigForCreating", "QueryDISyncTaskConfigProcessResult"
M.CREATE, M.UPDATE = "CreateDISyncTask", "UpdateDISyncTask"

--- The changes of the parameters that make the task an offline task.
M.OFFLINE = { TaskType = "DI_OFFLINE", TaskParam = core.null, TaskContent = M.CONTENT }

--- Changes parameters, and returns them. The value core.null removes a parameter.
local function changed(params, changes)
  for name, value in pairs(changes or {}) do params[name] = value ~= core.null and value or nil end
  return params
end

--- Returns the script of a task that synchronizes one table.
function M.script(table_name)
  return dataworks.task { from = { mysql = "m", tables = { table_name or "t" } }, to = { odps = "o" }, resource_group = "g" }
end

--- Returns the parameters of a flow that creates a task.
function M.creating(changes)
  return changed({
    ProjectId = 10, TaskType = "DI_REALTIME", TaskName = "n", TaskParam = M.script(),
    FileFolderPath = "Business Flow/x/Data Integration", ResourceGroup = "g", Cu = 1.5,
  }, changes)
end

--- Returns the parameters of a flow that updates a task.
function M.updating(changes)
  local selection = { steps = { { parameter = { connection = { { table = { "t" } } } }, name = "Reader", category = "reader" } } }
  return changed({ ProjectId = 10, TaskType = "DI_REALTIME", FileId = 77, TaskParam = selection }, changes)
end

--- Returns a reply whose member Data is a JSON text. With a text, ids can be longer than a Lua number can hold.
function M.raw(text) return fake.reply('{"RequestId":"R-1","Success":true,"Data":' .. text .. "}") end

--- The replies of the actions of a flow, in the order of the flow.
function M.generated() return M.raw('{"Status":"success","ProcessId":' .. M.BIG .. "}") end
function M.pending() return M.raw '{"Message":""}' end
function M.configured() return fake.good { Status = "success", TaskContent = M.CONTENT } end
function M.created() return M.raw('{"Status":"success","FileId":' .. M.BIG .. "}") end
function M.updated() return fake.good { Status = "success" } end

--- Encodes a state with cjson and decodes it again, as a program does that stores the state between two runs.
function M.stored(state)
  return cjson.decode(cjson.encode(state))
end

return M
