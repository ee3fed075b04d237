-- One line of help by the service's error code. A code without a line of its own takes that of the code
-- before its last dot: Throttling.User that of Throttling.

local BY_CODE = {
  ["InvalidAccessKeyId"] = "Check the AccessKey id; a key of another site or a deleted one isn't found",
  ["InvalidAccessKeyId.Inactive"] = "The AccessKey is disabled; enable it in the RAM console or use another",
  ["SignatureDoesNotMatch"] = "Most often the AccessKey secret is wrong, or belongs to another AccessKey id",
  ["IncompleteSignature"] = "Something between here and the service changed the request's headers",
  ["InvalidTimeStamp"] = "The clock of this machine is wrong; set it",
  ["SignatureNonceUsed"] = "The request arrived twice; something between here and the service repeats it",
  ["InvalidSecurityToken"] = "The security token doesn't belong to this AccessKey id, or is cut off",
  ["InvalidSecurityToken.Expired"] = "The security token has expired; ask for new temporary credentials",
  ["MissingSecurityToken"] = "These are temporary credentials (STS); pass their security_token too",
  ["Throttling"] = "Too many calls; the limit is for the whole account in this region, so wait and call less often",
  ["Throttling.Day"] = "The calls of this day are used up; a higher DataWorks edition has more",
  ["Rejected.Throttling"] = "Too many calls; wait and call less often",
  ["Forbidden"] = "Give this user the permission in RAM, and a role in the workspace",
  ["Forbidden.Access"] = "Check the user's role in the workspace, and the DataWorks edition",
  ["Forbidden.DI.NoPrivilege"] = "Make this user a developer or administrator of the workspace in ProjectId",
  ["NoPermission"] = "Give this user the permission in RAM, and a role in the workspace",
  ["Invalid.DI.Parameter"] = "Check that data sources, tables and resource group exist in this workspace",
  ["Invalid.DI.Parameter.File.Existed"] = "A task of this name exists, perhaps by an earlier attempt; look at it first",
  ["Param.Invalid"] = "Check the ids, and that TaskType is the task's own",
  ["IdempotentParameterMismatch"] = "This ClientToken was used with other parameters; use a new one",
  ["InvalidAction"] = "Check the action's name and version, and that the endpoint is one of DataWorks",
  ["InvalidApi"] = "Check the action's name and version, and that the endpoint is one of DataWorks",
  ["InvalidVersion"] = "Check the action's name and version, and that the endpoint is one of DataWorks",
  ["InvalidProduct"] = "The endpoint is no endpoint of DataWorks; check it, or the region",
  ["InvalidProtocol"] = "Use an https:// endpoint",
  ["InternalError"] = "The service failed; if it stays so, give the request id to the provider's support",
  ["ServiceUnavailable"] = "The service is overloaded or under maintenance; that passes",
}

local M = {}

---@param code string|nil
---@return string|nil
function M.find(code)
  while code do
    local advice = BY_CODE[code]
    if advice then
      return advice
    end
    code = code:match("^(.*)%.[^.]*$")
  end
end

return M
