-- The action ListFiles. DataStudio shows tasks as files.

local json = require "dataworks.emulator.json"
local paging = require "dataworks.emulator.service.paging"
local reply = require "dataworks.emulator.service.reply"
local tables = require "dataworks.util.tables"
local wrap = require "dataworks.emulator.service.wrap"

local M = {}

--- The documented number of each file type. A task of the type DI_SOLUTION is not a file.
local FILE_TYPES = { DI_OFFLINE = 23, DI_REALTIME = 900 }

--- Returns a function that returns true for each task that the parameters select.
local function filter(params)
  local ids = params.FileIdIn and tables.set_of(params.FileIdIn)
  local types = params.FileTypes and tables.set_of(params.FileTypes)
  return function(task)
    local file_type = FILE_TYPES[task.task_type]
    return file_type and task.project == params.ProjectId
      and (not params.ExactFileName or task.name == params.ExactFileName)
      and (not params.Keyword or task.name:find(params.Keyword, 1, true))
      and (not ids or ids[task.id]) and (not types or types[tostring(file_type)])
  end
end

M.ListFiles = wrap.with_page(function(state, params, page)
  if not params.ProjectId then
    return reply.invalid("ProjectId is needed; the emulator knows no ProjectIdentifier")
  end
  local function show(task)
    return json.object("FileId", json.integer(task.id), "FileName", task.name, "FileType", FILE_TYPES[task.task_type],
      "UseType", "NORMAL", "CreateUser", state.OWNER, "Owner", state.OWNER,
      "CreateTime", math.floor(task.created * 1000),
      "Content", params.NeedContent == "true" and task.text or nil)
  end
  return reply.acted(paging.object("Files", paging.select(state.tasks, filter(params)), page, show))
end)

return M
