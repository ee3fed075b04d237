-- Tasks as the files that DataStudio shows.

local json = require "dataworks.emulator.json"
local paging = require "dataworks.emulator.service.paging"
local reply = require "dataworks.emulator.service.reply"

local M = {}

local OWNER = "emulator"

--- The provider's numbers for the kinds of files. A solution is none.
local FILE_TYPES = { DI_OFFLINE = 23, DI_REALTIME = 900 }

local function set(text)
  local members = {}
  for member in text:gmatch("[^,%s]+") do
    members[member] = true
  end
  return members
end

local function filter(params)
  local ids = params.FileIdIn and set(params.FileIdIn)
  local types = params.FileTypes and set(params.FileTypes)
  return function(task)
    local kind = FILE_TYPES[task.task_type]
    return kind and task.project == params.ProjectId
      and (not params.ExactFileName or task.name == params.ExactFileName)
      and (not params.Keyword or task.name:find(params.Keyword, 1, true))
      and (not ids or ids[task.id]) and (not types or types[tostring(kind)])
  end
end

function M.ListFiles(state, params)
  local page = paging.read(params)
  if not params.ProjectId then
    return reply.invalid("ProjectId is needed; the emulator knows no ProjectIdentifier")
  elseif not page then
    return reply.invalid(paging.WRONG)
  end
  local function show(task)
    return json.object("FileId", json.integer(task.id), "FileName", task.name, "FileType", FILE_TYPES[task.task_type],
      "UseType", "NORMAL", "CreateUser", OWNER, "Owner", OWNER, "CreateTime", math.floor(task.created * 1000),
      "Content", params.NeedContent == "true" and task.text or nil)
  end
  return reply.done(paging.object("Files", paging.select(state.tasks, filter(params)), page, show))
end

return M
