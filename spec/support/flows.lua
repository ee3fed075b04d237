-- Parameters and replies of the create and update flows.

local cjson = require "cjson"
local core = require "dataworks.core"
local dataworks = require "dataworks"
local fake = require "spec.support.fake"

local M = {}

M.BIG = "9007199254740993"
M.CONTENT = '{"type":"job",  "steps":[], "b":1.0, "a":"é"}'
M.GENERATE, M.QUERY = "GenerateDISyncTaskConfigForCreating", "QueryDISyncTaskConfigProcessResult"
M.CREATE, M.UPDATE = "CreateDISyncTask", "UpdateDISyncTask"

--- What an offline task changes in the parameters.
M.OFFLINE = { TaskType = "DI_OFFLINE", TaskParam = core.null, TaskContent = M.CONTENT }

--- core.null among the changes takes a parameter away.
local function changed(params, changes)
  for name, value in pairs(changes or {}) do params[name] = value ~= core.null and value or nil end
  return params
end

function M.script(table_name)
  return dataworks.task { from = { mysql = "m", tables = { table_name or "t" } }, to = { odps = "o" }, resource_group = "g" }
end

function M.creating(changes)
  return changed({
    ProjectId = 10, TaskType = "DI_REALTIME", TaskName = "n", TaskParam = M.script(),
    FileFolderPath = "Business Flow/x/Data Integration", ResourceGroup = "g", Cu = 1.5,
  }, changes)
end

function M.updating(changes)
  local selection = { steps = { { parameter = { connection = { { table = { "t" } } } }, name = "Reader", category = "reader" } } }
  return changed({ ProjectId = 10, TaskType = "DI_REALTIME", FileId = 77, TaskParam = selection }, changes)
end

--- A reply with this JSON text as its Data, so that ids are written as the service writes them.
function M.raw(text) return fake.reply('{"RequestId":"R-1","Success":true,"Data":' .. text .. "}") end

function M.generated() return M.raw('{"Status":"success","ProcessId":' .. M.BIG .. "}") end
function M.pending() return M.raw '{"Message":""}' end
function M.configured() return fake.good { Status = "success", TaskContent = M.CONTENT } end
function M.created() return M.raw('{"Status":"success","FileId":' .. M.BIG .. "}") end
function M.updated() return fake.good { Status = "success" } end

--- The state as a program keeps it between two runs, through the JSON writer that most programs have.
function M.stored(state)
  return cjson.decode(cjson.encode(state))
end

return M
