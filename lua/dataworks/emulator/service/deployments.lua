-- The actions that submit and deploy files, and that read the versions and the deployments of files. A deployment has
-- succeeded once a number of calls have read its state.

local json = require "dataworks.emulator.json"
local paging = require "dataworks.emulator.service.paging"
local reply = require "dataworks.emulator.service.reply"
local wrap = require "dataworks.emulator.service.wrap"

local M = {}

--- The documented numbers of the environments, and of the states of a deployment.
local LOCAL, DEVELOPMENT, PRODUCTION = 0, 1, 2
local READY, SUCCEEDED = 0, 1

M.SubmitFile = wrap.with_file(function(state, file, params)
  state:submit_task(file, params.Comment)
  return reply.with_status(json.integer(state:add_deployment(file, LOCAL, DEVELOPMENT)))
end)

M.DeployFile = wrap.with_file(function(state, file)
  if #file.versions == 0 then
    return reply.invalid("the file was not submitted")
  end
  state:deploy_task(file)
  return reply.with_status(json.integer(state:add_deployment(file, DEVELOPMENT, PRODUCTION)))
end)

M.GetDeployment = wrap.with_project(function(state, params)
  local deployment = state.deployments[params.DeploymentId]
  if not deployment or deployment.project ~= params.ProjectId then
    return reply.invalid("there is no such deployment")
  end
  local is_ready = deployment.reads_left > 0
  deployment.reads_left = deployment.reads_left - 1
  local status = is_ready and READY or SUCCEEDED
  return reply.with_status(json.object(
    "Deployment", json.object("Name", deployment.name, "Status", status, "CreatorId", state.OWNER,
      "HandlerId", state.OWNER, "CreateTime", deployment.created,
      "ExecuteTime", not is_ready and deployment.created or nil,
      "FromEnvironment", deployment.from, "ToEnvironment", deployment.to),
    "DeployedItems", json.list({ json.object("FileId", json.integer(deployment.file_id),
      "FileVersion", deployment.version, "Status", status) })))
end)

M.ListFileVersions = wrap.with_project(wrap.with_page(function(state, params, page)
  local file, newest_first = state:find_file(params), {}
  for i = #file.versions, 1, -1 do
    newest_first[#newest_first + 1] = file.versions[i]
  end
  return reply.with_status(paging.object("FileVersions", newest_first, page, function(version)
    return json.object("FileVersion", version.number, "FileName", version.name, "FileContent", version.text,
      "FilePropertyContent", json.encode({ fileName = version.name, fileType = tonumber(file.file_type) }),
      "ChangeType", version.change, "Comment", version.comment, "CommitTime", version.time,
      "CommitUser", state.OWNER, "Status", version.status, "NodeId", json.integer(file.id), "NodeContent", "{}",
      "IsCurrentProd", file.production == version.number, "UseType", "NORMAL")
  end))
end))

return M
