-- The types of credentials that the option `credentials` can name, and the fields of each type.

local lazy = require "dataworks.util.lazy"
local misuse = require "dataworks.util.misuse"
local nearest = lazy "dataworks.util.nearest"
local check_options = require "dataworks.util.check_options"
local tables = require "dataworks.util.tables"

local M = {}

local ROLE = {
  role_arn = "text", role_session_name = "text", duration = "duration", policy = "policy", sts_endpoint = "text",
  sts_region = "text", vpc = "boolean",
}

---@type table<string, table<string, string>>
M.FIELDS = {
  default = {},
  environment = {},
  access_key = { access_key_id = "text", access_key_secret = "text", security_token = "text" },
  bearer = { bearer_token = "text" },
  oidc = tables.merge(ROLE, { oidc_provider_arn = "text", oidc_token_file = "text" }),
  ram_role_arn = tables.merge(ROLE, { source = "credentials", external_id = "text" }),
  cli_profile = { profile = "text", file = "text" },
  ini = { profile = "text", file = "text" },
  ecs_ram_role = { role_name = "text", endpoint = "text", disable_imdsv1 = "boolean" },
  uri = { uri = "text" },
  external = { process_command = "text" },
}
for _, fields in pairs(M.FIELDS) do
  fields.type = "text"
end

-- The fields that can't be replaced by a variable or a file.
local REQUIRED = {
  access_key = { "access_key_id", "access_key_secret" }, bearer = { "bearer_token" }, external = { "process_command" },
}

--- Raises unless `value` is a valid value of the option `credentials`.
---@param what string the name of the option or of the function, for the message
function M.check(what, value)
  if type(value) == "function" then
    return
  end
  local given = type(value) == "table" and value or { type = value }
  local name = given.type
  if name == nil then
    misuse(("%s: type is missing; the types are %s. Pass a function without calling it"):format(what,
      nearest.list(M.FIELDS)))
  elseif not M.FIELDS[name] then
    -- The message does not quote the name, because the text may be a key.
    misuse(("%s: there is no such type%s; the types are %s"):format(what, nearest.hint(name, M.FIELDS),
      nearest.list(M.FIELDS)))
  end
  check_options.check(what, M.FIELDS[name], given)
  for _, field in ipairs(REQUIRED[name] or {}) do
    if given[field] == nil then
      misuse(("%s: type %s needs %s"):format(what, name, field))
    end
  end
  if given.source ~= nil then
    M.check(what .. ".source", given.source)
  end
end

return M
