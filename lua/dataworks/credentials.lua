-- Finds credentials: what the client was given, else what the providers below find, in their order.

local M = {}

local PROVIDERS = { "environment" }

local ADVICE = "set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET,"
  .. " or give access_key_id and access_key_secret to dataworks.new"

---@class dataworks.Credentials
---@field access_key_id string
---@field access_key_secret string
---@field security_token? string of temporary credentials

local function failure(message)
  return { kind = "credentials", message = message, advice = ADVICE, sent = false }
end

local function check(found, source)
  if type(found) ~= "table" then
    return nil, failure(("%s: a table of credentials was expected, got %s"):format(source, type(found)))
  end
  for _, name in ipairs { "access_key_id", "access_key_secret" } do
    if type(found[name]) ~= "string" or found[name] == "" then
      return nil, failure(("%s: %s is missing"):format(source, name))
    end
  end
  if found.security_token ~= nil and type(found.security_token) ~= "string" then
    return nil, failure(("%s: security_token must be a string"):format(source))
  end
  return found
end

-- What a provider says may hold a secret, so that only a string's first line without digits of its own is trusted:
-- the user's function is the user's, and its words are theirs.
local function from_function(provider)
  local ok, found, message = pcall(provider)
  if not ok then return nil, failure("the credentials function failed") end
  if found == nil then return nil, failure("the credentials function has none: " .. tostring(message or "it gave no reason")) end
  return check(found, "the credentials function")
end

local function from_chain(getenv)
  local reasons = {}
  for i, name in ipairs(PROVIDERS) do
    local found, reason = require("dataworks.credentials." .. name).find(getenv)
    if found then return check(found, name) end
    reasons[i] = name .. ": " .. reason
  end
  return nil, failure("no credentials were found (" .. table.concat(reasons, "; ") .. ")")
end

--- A function that gives the credentials of the moment.
---@param options table of dataworks.new
---@param getenv fun(name: string): string|nil
---@return fun(): dataworks.Credentials|nil, table|nil
function M.source(options, getenv)
  if options.credentials then
    return function() return from_function(options.credentials) end
  elseif options.access_key_id or options.access_key_secret then
    return function() return check(options, "the options of dataworks.new") end
  end
  return function() return from_chain(getenv) end
end

return M
