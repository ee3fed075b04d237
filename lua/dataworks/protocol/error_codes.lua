-- Says what the code of an error means: whose fault it is, whether the service throttled the call, whether a retry can
-- help, whether the client can recover, and what a person can change.

local tables = require "dataworks.util.tables"

local M = {}

-- Where the provider documents the codes.
local DATAWORKS = "https://www.alibabacloud.com/help/en/dataworks/developer-reference/"
  .. "api-dataworks-public-2020-05-18-errorcodes"
local COMMON = "https://help.aliyun.com/document_detail/434846.html" -- of the gateway, for all products
local GATEWAY = "https://developer.aliyun.com/ask/278265"
local TOKENS = "https://help.aliyun.com/document_detail/25693.html"
-- Codes without a page.
local SEEN = "replies of the service"
local OTHERS = "pages of other products"

local CHECK_ACTION = "Check the action's name and version, and that the endpoint is one of DataWorks."
local ALLOW = "Give this user the permission in RAM, and a role in the workspace."

---@class dataworks.CodeRow
---@field [1] "caller"|"account"|"service"|"network" whose fault it is; "account" includes its permissions and quotas
---@field [2] string where the code is documented
---@field [3] string what to do
---@field final? boolean true: a retry of the same call cannot help

-- If a code has no row, its part before the last dot is looked up: InvalidTimeStamp.Format has the row of
-- InvalidTimeStamp.
---@type table<string, dataworks.CodeRow>
M.ROWS = {
  ["InvalidAccessKeyId"] = { "caller", COMMON,
    "Check the AccessKey id; a deleted key or a key of another site isn't found." },
  ["InvalidAccessKeyId.Inactive"] = { "account", GATEWAY,
    "The AccessKey is disabled; enable it in the RAM console or use another." },
  ["SignatureDoesNotMatch"] = { "caller", SEEN,
    "Most often the AccessKey secret is wrong, or belongs to another AccessKey id." },
  ["IncompleteSignature"] = { "network", OTHERS,
    "Something between this machine and the service changed the request's headers." },
  ["InvalidSignatureMethod"] = { "caller", GATEWAY,
    "Set the option signature to one of its documented values." },
  ["InvalidTimeStamp"] = { "caller", COMMON,
    "The clock of this machine is wrong; set it." },
  ["SignatureNonceUsed"] = { "network", GATEWAY,
    "The request arrived twice; something between this machine and the service repeats it." },
  ["InvalidSecurityToken"] = { "caller", SEEN,
    "The security token doesn't belong to this AccessKey id, or is cut off." },
  ["InvalidSecurityToken.Expired"] = { "caller", OTHERS,
    "The security token has expired; ask for new temporary credentials." },
  ["MissingSecurityToken"] = { "caller", SEEN,
    "These are temporary credentials (STS); pass their security_token too." },

  ["MissingParameter"] = { "caller", COMMON,
    "Add the parameter that the message names." },
  ["InvalidParameter"] = { "caller", GATEWAY,
    "Correct the parameter that the message names." },
  ["InvalidAction"] = { "caller", SEEN,
    CHECK_ACTION },
  ["InvalidApi"] = { "caller", COMMON,
    CHECK_ACTION },
  ["InvalidVersion"] = { "caller", SEEN,
    CHECK_ACTION },
  ["InvalidProduct"] = { "caller", COMMON,
    "The endpoint is not one of DataWorks; check it, or the region." },
  ["InvalidProtocol"] = { "caller", COMMON,
    "Use an https:// endpoint." },
  ["UnsupportedHTTPMethod"] = { "caller", GATEWAY,
    "Leave out the option method; the client knows the method of each action." },
  ["IdempotentParameterMismatch"] = { "caller", TOKENS,
    "This ClientToken was used with other parameters; use a new one." },

  ["Throttling"] = { "account", COMMON,
    "Too many calls; the limit is for the whole account in this region, so wait and call less often." },
  ["Throttling.System"] = { "service", DATAWORKS,
    "DataWorks is busy; wait and call less often." },
  ["Throttling.Day"] = { "account", OTHERS, final = true,
    "The daily quota of calls is used up; a higher DataWorks edition has a larger quota." },
  ["Throttling.Api.Risk"] = { "account", DATAWORKS, final = true,
    "The daily quota of calls of this action is used up; go on tomorrow, or use a higher DataWorks edition." },
  ["Throttling.Resource"] = { "account", DATAWORKS, final = true,
    "The quota of calls is used up; use a higher DataWorks edition, or open a ticket with the provider." },
  ["Rejected.Throttling"] = { "account", OTHERS,
    "Too many calls; wait and call less often." },

  ["Forbidden"] = { "account", OTHERS,
    ALLOW },
  ["NoPermission"] = { "account", OTHERS,
    ALLOW },
  ["Forbidden.Access"] = { "account", DATAWORKS,
    "Check the user's role in the workspace, and the DataWorks edition." },
  ["Forbidden.DI.NoPrivilege"] = { "account", SEEN,
    "Make this user a developer or administrator of the workspace in ProjectId." },
  ["Forbidden.Not.Server"] = { "caller", DATAWORKS, final = true,
    "DataWorks does not serve calls in this region; use another region." },
  ["ResourceNotAuthorized"] = { "account", DATAWORKS,
    "This user may not use the resource; let an administrator of the workspace or of RAM allow it." },

  ["Invalid.DI.Parameter"] = { "caller", SEEN,
    "Check that data sources, tables and resource group exist in this workspace." },
  ["Invalid.DI.Parameter.File.Existed"] = { "caller", SEEN,
    "A task of this name exists, perhaps by an earlier attempt; look at it first." },
  ["Param.Invalid"] = { "caller", SEEN,
    "Check the ids, and that TaskType is the task's own." },

  ["InternalError"] = { "service", DATAWORKS,
    "The service failed; if that persists, give the request id to the provider's support." },
  ["ServiceUnavailable"] = { "service", OTHERS,
    "The service is temporarily overloaded or under maintenance." },
}

-- All codes above are shorter. A longer code of a reply is cut before it is looked up.
local MAX_CODE_BYTES = 128

-- After a failure of the transport with one of these codes, a retry does not help.
local FINAL = tables.set_of [[
  CURLE_UNSUPPORTED_PROTOCOL CURLE_URL_MALFORMAT CURLE_BAD_FUNCTION_ARGUMENT CURLE_FILESIZE_EXCEEDED CURLE_TOO_LARGE
  CURLE_BAD_CONTENT_ENCODING CURLE_FAILED_INIT CURLE_NOT_BUILT_IN CURLE_UNKNOWN_OPTION CURLE_OUT_OF_MEMORY
  CURLE_PEER_FAILED_VERIFICATION CURLE_SSL_CACERT_BADFILE CURLE_SSL_CERTPROBLEM CURLE_SSL_CIPHER CURLE_SSL_CRL_BADFILE
  CURLE_SSL_ISSUER_ERROR CURLE_SSL_ENGINE_NOTFOUND CURLE_SSL_ENGINE_SETFAILED CURLE_SSL_ENGINE_INITFAILED
  CURLE_SSL_CLIENTCERT CURLE_LOGIN_DENIED CURLE_AUTH_ERROR PROXY_AUTHENTICATION PROXY_REFUSED
]]

-- The kinds of errors that describe a reply. An error of kind "credentials" may describe the reply of a credential
-- service.
local HAS_REPLY = { service = true, task = true, protocol = true, credentials = true }

--- Returns the row of a code, or of its longest part that has a row.
local function find_row(code)
  code = code and code:sub(1, MAX_CODE_BYTES)
  while code do
    local row = M.ROWS[code]
    if row then
      return row
    end
    code = code:match("^(.*)%.[^.]*$") or code:find("^Missing%u") and code ~= "MissingParameter" and "MissingParameter"
      or nil
  end
end

--- Returns whether a retry of the same call cannot help.
function M.is_final(err)
  local row = find_row(err.code)
  return FINAL[err.code] or row and row.final or false
end

--- Returns whether the service refused the call because there were too many calls a second. Such a call had no effect.
--- The HTTP status is 429, or 400 together with a code that begins with Throttling. A quota that is used up is final.
function M.is_throttled(err)
  if not HAS_REPLY[err.kind] or M.is_final(err) then
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

--- Codes that say that the service does not know who sent the request.
local KEYS_REFUSED = {
  InvalidAccessKeyId = true, SignatureDoesNotMatch = true, InvalidSecurityToken = true, MissingSecurityToken = true,
}

--- Returns whether the service refused the keys of a request, so that it would refuse any other call, too.
function M.refuses_keys(err)
  return err.kind == "service" and KEYS_REFUSED[(err.code or ""):match "^%w+"] or false
end

--- Returns one line about the likely cause of an error and what to change.
function M.advice(code)
  local row = find_row(code)
  return row and row[3]
end

return M
