-- The actions that list, read, create, change and delete files. DataStudio shows tasks as files, and has other files.

local json = require "dataworks.emulator.json"
local nodes = require "dataworks.emulator.service.node_configuration"
local paging = require "dataworks.emulator.service.paging"
local reply = require "dataworks.emulator.service.reply"
local script = require "dataworks.emulator.service.script"
local tables = require "dataworks.util.tables"
local wrap = require "dataworks.emulator.service.wrap"

local M = {}

--- The task types of the files that are tasks.
local TASK_TYPES = { ["23"] = "DI_OFFLINE", ["900"] = "DI_REALTIME" }
local NO_SCRIPT = { from = {}, to = {}, content = {} }

--- Returns a function that returns true for each file that the parameters select.
local function filter(state, params)
  local ids = params.FileIdIn and tables.set_of(params.FileIdIn)
  local types = params.FileTypes and tables.set_of(params.FileTypes)
  local function is_wanted(parameter, value)
    return not params[parameter] or params[parameter] == value
  end
  return function(file)
    return file.file_type and file.project == params.ProjectId
      and is_wanted("ExactFileName", file.name) and is_wanted("FileFolderPath", file.folder)
      and is_wanted("NodeId", #file.versions > 0 and file.id) and is_wanted("Owner", file.owner)
      and is_wanted("LastEditUser", state.OWNER) and is_wanted("UseType", "NORMAL")
      and (not params.Keyword or file.name:find(params.Keyword, 1, true))
      and (not ids or ids[file.id]) and (not types or types[file.file_type])
  end
end

--- Returns the number of a folder or of a workflow. A new path gets the next number.
local function folder_number(state, project, path)
  local folders, key = state.folders, project .. "\n" .. path
  if not folders[key] then
    folders.count = folders.count + 1
    folders[key] = folders.count
  end
  return folders[key]
end

--- Returns a file in the form in which replies show it. Further arguments are names and values of more members.
local function show(state, file, ...)
  local folder = file.folder
  local workflow = folder and folder:match("^[^/]+/[^/]+")
  local workflow_id = workflow and folder_number(state, file.project, workflow)
  return json.object("FileId", json.integer(file.id), "FileName", file.name, "FileType", json.integer(file.file_type),
    "FileDescription", file.description, "UseType", "NORMAL", "CreateUser", state.OWNER, "Owner", file.owner,
    "CreateTime", file.created, "LastEditUser", state.OWNER, "LastEditTime", file.edited,
    "CurrentVersion", #file.versions, "CommitStatus", file.is_committed and 1 or 0,
    "NodeId", #file.versions > 0 and json.integer(file.id) or nil, "ConnectionName", file.connection,
    "FileFolderId", folder and ("%08x"):format(folder_number(state, file.project, folder)),
    "BizId", workflow_id, "BusinessId", workflow_id, "IsMaxCompute", false,
    "AutoParsing", file.is_parsed_automatically or false, ...)
end

M.ListFiles = wrap.with_project(wrap.with_page(function(state, params, page)
  local needs_content, needs_folder = params.NeedContent == "true", params.NeedAbsoluteFolderPath == "true"
  local found = paging.select(state.tasks, filter(state, params))
  return reply.with_status(paging.object("Files", found, page, function(file)
    return show(state, file, "Content", needs_content and file.text or nil,
      "AbsoluteFolderPath", needs_folder and file.folder or nil)
  end))
end))

M.GetFile = wrap.with_file(function(state, file)
  return reply.with_status(json.object(
    "File", show(state, file, "Content", file.text, "AdvancedSettings", file.advanced_settings,
      "DeletedStatus", "NORMAL"),
    "NodeConfiguration", nodes.show(file.node)))
end)

--- Returns the changes of a file that the parameters ask for. Raises a reply if the content of a task is wrong.
local function changes(params, task_type, node)
  return {
    name = params.FileName, text = params.Content, description = params.FileDescription, owner = params.Owner,
    folder = params.FileFolderPath, connection = params.ConnectionName, advanced_settings = params.AdvancedSettings,
    is_parsed_automatically = params.AutoParsing and params.AutoParsing == "true",
    parsed = task_type and params.Content and script.parse_content(params.Content) or nil,
    node = nodes.change(node, params),
  }
end

M.CreateFile = wrap.with_project(function(state, params)
  local task_type = TASK_TYPES[params.FileType]
  if state:is_name_taken(params.ProjectId, params.FileName) then
    return reply.name_taken("FileName")
  end
  local file = changes(params, task_type, {})
  file.project, file.file_type, file.task_type = params.ProjectId, params.FileType, task_type
  file.parsed, file.text = file.parsed or NO_SCRIPT, file.text or ""
  return reply.with_status(json.integer(state:add_task(file)))
end)

M.UpdateFile = wrap.with_file(function(state, file, params)
  if params.FileName and params.FileName ~= file.name and state:is_name_taken(file.project, params.FileName) then
    return reply.name_taken("FileName")
  end
  state:edit_task(file, changes(params, file.task_type, file.node))
  return reply.with_status()
end)

--- Deletes a file. If the file was submitted, its node is deleted by a deployment.
M.DeleteFile = wrap.with_file(function(state, file)
  if state.is_busy(file) then
    return reply.invalid("the task is running")
  end
  state:remove_task(file)
  local deployment = #file.versions > 0 and state:add_deployment(file, 0, 1) or nil
  return reply.members("Success", true, "HttpStatusCode", 200, "DeploymentId", deployment and json.integer(deployment))
end)

return M
