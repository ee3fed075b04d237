-- One line that helps, by error code: data only.

local M = {}

local BY_CODE = {
  ["InvalidAccessKeyId.NotFound"] = "check ALIBABA_CLOUD_ACCESS_KEY_ID, and that the key belongs to this site (China or international)",
  ["InvalidAccessKeyId.Inactive"] = "enable the access key in the RAM console, or use another",
  SignatureDoesNotMatch = "check the AccessKeySecret: no blanks around it, and the one that belongs to this AccessKeyId",
  IncompleteSignature = "check the AccessKeySecret: no blanks around it, and the one that belongs to this AccessKeyId",
  ["InvalidTimeStamp.Expired"] = "set this machine's clock: it is more than 15 minutes off",
  ["InvalidSecurityToken.Expired"] = "get a new security token",
  ["InvalidSecurityToken.Malformed"] = "check ALIBABA_CLOUD_SECURITY_TOKEN: it is not the one that was issued with this key",
  ["InvalidSecurityToken.MismatchWithAccessKey"] = "use the AccessKeyId that was issued with this security token",
  MissingSecurityToken = "temporary keys need their security token: set ALIBABA_CLOUD_SECURITY_TOKEN",
  ["Forbidden.DI.NoPrivilege"] = "let a workspace administrator give this RAM user the Development role in the workspace",
  ["Forbidden.Access"] = "check that the RAM user is a member of the workspace, and the DataWorks edition",
  ["Forbidden.RAM"] = "attach a RAM policy that allows dataworks:*",
  NoPermission = "attach a RAM policy that allows dataworks:*",
  ["Invalid.DI.Parameter"] = "check ProjectId, the data source names and the resource group in the DataWorks console",
  ["Invalid.DI.Parameter.File.Existed"] = "choose another name, or delete the task that has it",
  IdempotentParameterMismatch = "use a new ClientToken for changed parameters",
  ["InvalidAction.NotFound"] = "check the endpoint: it must be DataWorks' own, as in dataworks.cn-shanghai.aliyuncs.com",
  ["InvalidApi.NotFound"] = "check the endpoint: it must be DataWorks' own, as in dataworks.cn-shanghai.aliyuncs.com",
}

local BY_PREFIX = {
  { "Throttling", "call less often: Basic, Standard and Professional editions allow 5 calls a second for the whole account" },
  { "InternalError", "try again later; give the request id to Alibaba Cloud's support if it stays" },
}

---@param code string|nil
---@return string|nil
function M.of(code)
  if not code then return nil end
  if BY_CODE[code] then return BY_CODE[code] end
  for _, row in ipairs(BY_PREFIX) do
    if code:sub(1, #row[1]) == row[1] then return row[2] end
  end
end

return M
