-- Finds credentials: the client's options, else its function, else what the providers below find, in order.

local errors = require "dataworks.error"

local M = {}

local PROVIDERS = { "environment" }

local ADVICE = "set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, "
  .. "or give access_key_id and access_key_secret to dataworks.new"

---@class dataworks.Credentials
---@field access_key_id string
---@field access_key_secret string
---@field security_token? string of temporary credentials

local function failure(message)
  return { kind = "credentials", sent = false, message = message, advice = ADVICE }
end

--- Never tells a value: only which one is wrong.
local function check(found, source)
  if type(found) ~= "table" then
    return nil, failure(("%s: a table was expected, got %s"):format(source, type(found)))
  end
  for _, name in ipairs { "access_key_id", "access_key_secret" } do
    if type(found[name]) ~= "string" or found[name] == "" then
      return nil, failure(("%s: %s is missing"):format(source, name))
    end
  end
  if found.security_token ~= nil and type(found.security_token) ~= "string" then
    return nil, failure(("%s: security_token must be text"):format(source))
  end
  return found
end

--- A reason is told as the function gave it. What it raised is not: such a text may quote a key file.
local function from_function(provider)
  local ok, found, reason = pcall(provider)
  if not ok then
    return nil, failure("the credentials function raised an error")
  elseif not found then
    return nil, failure("the credentials function has none: " .. errors.line(reason or "it gave no reason", 200))
  end
  return check(found, "the credentials function")
end

local function from_chain(getenv)
  local reasons = {}
  for _, name in ipairs(PROVIDERS) do
    local found, reason = require("dataworks.credentials." .. name).find(getenv)
    if found then
      return check(found, name)
    end
    reasons[#reasons + 1] = name .. ": " .. reason
  end
  return nil, failure(("no credentials were found (%s)"):format(table.concat(reasons, "; ")))
end

---@class dataworks.CredentialSource
---@field get fun(): dataworks.Credentials|nil, table|nil those of the moment, or fields of an error
---@field expire fun(): boolean the service called them expired: forgets them; may there be others now?

--- Where the credentials of a client come from. The environment is read once, here.
---@param options table of dataworks.new
---@param getenv fun(name: string): string|nil
---@return dataworks.CredentialSource
function M.source(options, getenv)
  local source = { expire = function() return false end }
  if options.access_key_id then
    local given = {
      access_key_id = options.access_key_id,
      access_key_secret = options.access_key_secret,
      security_token = options.security_token,
    }
    function source.get()
      return check(given, "options of dataworks.new")
    end
  elseif options.credentials then
    function source.get()
      return from_function(options.credentials)
    end
    function source.expire()
      return true
    end
  else
    local found, err = from_chain(getenv)
    function source.get()
      return found, err
    end
  end
  return source
end

return M
