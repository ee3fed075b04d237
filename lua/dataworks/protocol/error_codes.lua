-- Says what the code of an error means: whether the service throttled the call, whether a retry can help, whether the
-- client can recover, and what a person can change.

local tables = require "dataworks.util.tables"

local M = {}

-- If a code has no entry, its part before the last dot is looked up: Throttling.User has the advice of Throttling.
local ADVICE = {
  ["InvalidAccessKeyId"] = "Check the AccessKey id; a deleted key or a key of another site isn't found",
  ["InvalidAccessKeyId.Inactive"] = "The AccessKey is disabled; enable it in the RAM console or use another",
  ["SignatureDoesNotMatch"] = "Most often the AccessKey secret is wrong, or belongs to another AccessKey id",
  ["IncompleteSignature"] = "Something between this machine and the service changed the request's headers",
  ["InvalidTimeStamp"] = "The clock of this machine is wrong; set it",
  ["SignatureNonceUsed"] = "The request arrived twice; something between this machine and the service repeats it",
  ["InvalidSecurityToken"] = "The security token doesn't belong to this AccessKey id, or is cut off",
  ["InvalidSecurityToken.Expired"] = "The security token has expired; ask for new temporary credentials",
  ["MissingSecurityToken"] = "These are temporary credentials (STS); pass their security_token too",
  ["Throttling"] = "Too many calls; the limit is for the whole account in this region, so wait and call less often",
  ["Throttling.Day"] = "The daily quota of calls is used up; a higher DataWorks edition has a larger quota",
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
  ["InvalidProduct"] = "The endpoint is not one of DataWorks; check it, or the region",
  ["InvalidProtocol"] = "Use an https:// endpoint",
  ["InternalError"] = "The service failed; if that persists, give the request id to the provider's support",
  ["ServiceUnavailable"] = "The service is temporarily overloaded or under maintenance",
}

-- All codes above are shorter. A longer code of a reply is cut before it is looked up.
local MAX_CODE_BYTES = 128

-- After an error with one of these codes, a retry does not help.
local FINAL = tables.set_of [[
  Throttling.Day
  CURLE_UNSUPPORTED_PROTOCOL CURLE_URL_MALFORMAT CURLE_BAD_FUNCTION_ARGUMENT CURLE_FILESIZE_EXCEEDED CURLE_TOO_LARGE
  CURLE_BAD_CONTENT_ENCODING CURLE_FAILED_INIT CURLE_NOT_BUILT_IN CURLE_UNKNOWN_OPTION CURLE_OUT_OF_MEMORY
  CURLE_PEER_FAILED_VERIFICATION CURLE_SSL_CACERT_BADFILE CURLE_SSL_CERTPROBLEM CURLE_SSL_CIPHER CURLE_SSL_CRL_BADFILE
  CURLE_SSL_ISSUER_ERROR CURLE_SSL_ENGINE_NOTFOUND CURLE_SSL_ENGINE_SETFAILED CURLE_SSL_ENGINE_INITFAILED
  CURLE_SSL_CLIENTCERT CURLE_LOGIN_DENIED CURLE_AUTH_ERROR PROXY_AUTHENTICATION PROXY_REFUSED
]]

-- The kinds of errors that describe a reply. An error of kind "credentials" may describe the reply of a credential
-- service.
local HAS_REPLY = { service = true, task = true, protocol = true, credentials = true }

function M.is_final(err)
  return FINAL[err.code] or false
end

--- Returns whether the service refused the call because there were too many calls. Such a call had no effect. The HTTP
--- status is 429, or 400 together with a code that begins with Throttling.
function M.is_throttled(err)
  if not HAS_REPLY[err.kind] then
    return false
  end
  local code = err.code or ""
  return err.status == 429 or code:find("^Throttling") ~= nil or code:find("^Rejected%.Throttling") ~= nil
end

--- Returns the cause of a refusal, if the client can correct the cause and retry at once: "clock" for a wrong date, and
--- "credentials" for keys that are refused. The service did not act on such a request.
function M.recoverable_cause(err)
  local code = err.kind == "service" and err.status < 500 and err.code or ""
  if code:find("^InvalidTimeStamp") then
    return "clock"
  elseif code:find("^InvalidSecurityToken") or code:find("^InvalidAccessKeyId") then
    return "credentials"
  end
end

--- Returns one line about the likely cause of an error and what to change.
function M.advice(code)
  code = code and code:sub(1, MAX_CODE_BYTES)
  while code do
    if ADVICE[code] then
      return ADVICE[code]
    end
    code = code:match("^(.*)%.[^.]*$")
  end
end

return M
