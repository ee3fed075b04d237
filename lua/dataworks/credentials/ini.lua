-- Reads credentials from a section of ~/.alibabacloud/credentials.

local ecs_ram_role = require "dataworks.credentials.ecs_ram_role"
local failures = require "dataworks.util.credential_failure"
local files = require "dataworks.credentials.file"
local file_provider = require "dataworks.credentials.file_provider"
local nearest = require "dataworks.util.nearest"
local oidc = require "dataworks.credentials.oidc"
local providers = require "dataworks.credentials.provider"
local ram_role_arn = require "dataworks.credentials.ram_role_arn"
local static = require "dataworks.credentials.static"
local tables = require "dataworks.util.tables"
local texts = require "dataworks.util.text"
local variables = require "dataworks.credentials.variables"

local M = {}

--- Returns a value without its quotes. Without quotes, returns the value without the comment after it.
local function parse_value(text)
  local quoted = text:match('^"([^"]*)"%s*$') or text:match("^'([^']*)'%s*$")
    or text:match('^"([^"]*)"%s+[#;]') or text:match("^'([^']*)'%s+[#;]")
  return quoted or texts.trim((" " .. text):gsub("%s[#;].*$", ""))
end

--- Returns the name of the section that a line such as [name] begins. A comment may follow the bracket.
local function parse_section(line)
  line = texts.trim(line)
  local name = line:match("^%[(.*)%]$") or line:match("^%[([^%]]*)%]%s*[#;]")
  return name and texts.trim(name)
end

local function parse(text)
  local sections, section, number = {}, nil, 0
  for line in text:gsub("^\239\187\191", ""):gmatch("([^\r\n]*)\r?\n?") do
    number = number + 1
    local name = parse_section(line)
    local key, value = line:match("^%s*([%w_.-]+)%s*[=:]%s*(.*)$")
    if name then
      section = sections[name] or {}
      sections[name] = section
    elseif key and section then
      value = parse_value(value)
      section[key:lower()] = value ~= "" and value or nil
    elseif line:find("%S") and not line:find("^%s*[#;]") then
      return nil, ("line %d is neither [name] nor key = value in a section"):format(number)
    end
  end
  return sections
end

--- Returns the fields of a section under the names that ram_role_arn and oidc use.
local function role_fields(section)
  return {
    role_arn = section.role_arn, role_session_name = section.role_session_name, policy = section.policy,
    external_id = section.external_id, oidc_provider_arn = section.oidc_provider_arn,
    oidc_token_file = section.oidc_token_file_path or section.oidc_token_file,
  }
end

local TYPES = {
  access_key = {
    needs = { "access_key_id", "access_key_secret" },
    build = function(section)
      return static.new { access_key_id = section.access_key_id, access_key_secret = section.access_key_secret }
    end,
  },
  sts = { needs = { "access_key_id", "access_key_secret", "security_token" }, build = static.new },
  bearer = {
    needs = { "bearer_token" },
    build = function(section) return static.new { bearer_token = section.bearer_token } end,
  },
  ecs_ram_role = {
    build = function(section, host) return ecs_ram_role.new({ role_name = section.role_name }, host) end,
  },
  ram_role_arn = {
    needs = { "access_key_id", "access_key_secret", "role_arn" },
    build = function(section, host) return ram_role_arn.new(role_fields(section), host, static.new(section)) end,
  },
  oidc_role_arn = {
    needs = { "role_arn", "oidc_provider_arn" },
    build = function(section, host) return oidc.new(role_fields(section), host) end,
  },
}

-- The values that turn off a section, in small letters.
local OFF = tables.set_of "false 0 no off none"

local function build_section(section, host)
  local kind = TYPES[section.type]
  if section.enable and OFF[section.enable:lower()] then
    return nil, failures.not_configured("it is turned off by enable = " .. section.enable)
  elseif kind then
    local missing = failures.missing(section, kind.needs or {})
    if missing then
      return nil, missing
    end
    return kind.build(section, host)
  elseif section.type == "rsa_key_pair" then
    return nil, failures.new "type rsa_key_pair is not supported"
  elseif section.type then
    return nil, failures.new("its type is not known" .. nearest.hint(section.type, TYPES))
  end
  return nil, failures.new "type is missing"
end

local function build(document, name, host)
  local section = document[name]
  if not section then
    return nil, failures.new("it has no section " .. name)
  end
  return providers.with_prefix("section " .. name, build_section(section, host))
end

--- Returns the path of the file, or nil and the reason why the file is not read. The third value is the name of the
--- wanted section.
local function find(fields, getenv)
  local path, failure = files.find(fields.file, getenv, "ALIBABA_CLOUD_CREDENTIALS_FILE",
    "/.alibabacloud/credentials")
  return path, failure, variables.field(fields, "profile", getenv) or "default"
end

---@type dataworks.FileFormat
local FORMAT = { name = "ini", find = find, parse = parse, build = build }

function M.new(fields, host)
  return file_provider.new(FORMAT, fields, host)
end

return M
