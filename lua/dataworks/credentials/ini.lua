-- Credentials of a section of ~/.alibabacloud/credentials, which is read again when it changes.

local ecs_ram_role = require "dataworks.credentials.ecs_ram_role"
local failures = require "dataworks.util.credential_failure"
local file_of = require "dataworks.credentials.file"
local nearest = require "dataworks.util.nearest"
local oidc = require "dataworks.credentials.oidc"
local ram_role_arn = require "dataworks.credentials.ram_role_arn"
local static = require "dataworks.credentials.static"
local variables = require "dataworks.credentials.variables"

local M = { FIELDS = { profile = "text", file = "text" } }

--- Without the comment behind it and the quotes around it.
local function value_of(text)
  local quoted = text:match('^"([^"]*)"%s*$') or text:match("^'([^']*)'%s*$")
    or text:match('^"([^"]*)"%s+[#;]') or text:match("^'([^']*)'%s+[#;]")
  return quoted or (" " .. text):gsub("%s[#;].*$", ""):match("^%s*(.-)%s*$")
end

local function parse(text)
  local sections, section, number = {}, nil, 0
  for line in text:gsub("^\239\187\191", ""):gmatch("([^\r\n]*)\r?\n?") do
    number = number + 1
    local name = line:match("^%s*%[%s*(.-)%s*%]%s*$") or line:match("^%s*%[%s*([^%]]-)%s*%]%s*[#;]")
    local key, value = line:match("^%s*([%w_.-]+)%s*[=:]%s*(.*)$")
    if name then
      section = sections[name] or {}
      sections[name] = section
    elseif key and section then
      value = value_of(value)
      section[key:lower()] = value ~= "" and value or nil
    elseif line:find("%S") and not line:find("^%s*[#;]") then
      return nil, ("line %d is neither [name] nor key = value in a section"):format(number)
    end
  end
  return sections
end

local function require_fields(section, ...)
  for _, name in ipairs { ... } do
    if not section[name] then
      return failures.new(name .. " is missing")
    end
  end
end

local function keys(section)
  return static.provider(nil, {
    access_key_id = section.access_key_id, access_key_secret = section.access_key_secret,
    security_token = section.security_token,
  })
end

local function role_fields(section)
  return {
    role_arn = section.role_arn, role_session_name = section.role_session_name, policy = section.policy,
    external_id = section.external_id, oidc_provider_arn = section.oidc_provider_arn,
    oidc_token_file = section.oidc_token_file_path or section.oidc_token_file,
  }
end

local TYPES = {}

function TYPES.access_key(section)
  local missing = require_fields(section, "access_key_id", "access_key_secret")
  return not missing and keys { access_key_id = section.access_key_id, access_key_secret = section.access_key_secret }
    or nil, missing
end

function TYPES.sts(section)
  local missing = require_fields(section, "access_key_id", "access_key_secret", "security_token")
  return not missing and keys(section) or nil, missing
end

function TYPES.bearer(section)
  local missing = require_fields(section, "bearer_token")
  return not missing and static.provider(nil, { bearer_token = section.bearer_token }) or nil, missing
end

function TYPES.ecs_ram_role(section, host)
  return ecs_ram_role.new({ role_name = section.role_name }, host)
end

function TYPES.ram_role_arn(section, host)
  local missing = require_fields(section, "access_key_id", "access_key_secret", "role_arn")
  return not missing and ram_role_arn.new(role_fields(section), host, keys(section)) or nil, missing
end

function TYPES.oidc_role_arn(section, host)
  local missing = require_fields(section, "role_arn", "oidc_provider_arn")
  return not missing and oidc.new(role_fields(section), host) or nil, missing
end

local function build(document, name, host)
  local section = document[name]
  if not section then
    return nil, failures.new("it has no section " .. name)
  end
  local provider, failure
  if TYPES[section.type] then
    provider, failure = TYPES[section.type](section, host)
  elseif section.type == "rsa_key_pair" then
    failure = failures.new "type rsa_key_pair is not supported"
  elseif section.type then
    failure = failures.new("its type is not known" .. nearest.hint(section.type, TYPES))
  else
    failure = failures.new "type is missing"
  end
  if not provider then
    return nil, failures.within("section " .. name, failure)
  end
  return failures.prefixed("section " .. name, provider)
end

---@param fields table
---@param host dataworks.CredentialHost
---@return dataworks.Provider
function M.new(fields, host)
  local getenv = host.getenv
  return file_of.provider("ini", {
    place = function()
      local home = getenv "HOME"
      local path = fields.file or getenv "ALIBABA_CLOUD_CREDENTIALS_FILE"
        or home and home .. "/.alibabacloud/credentials"
      return path, not path and failures.absent "HOME is not set" or nil,
        fields.profile or variables.any(getenv, "PROFILE") or "default"
    end,
    parse = parse,
    build = function(document, name) return build(document, name, file_of.host_of(host, document, name)) end,
  })
end

return M
