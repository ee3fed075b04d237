-- luacheck: ignore 212/self
-- A client's prepared keys: made once, made anew when the credentials change. The keys stay in closures, so that
-- nothing that prints a client's fields can show them.

local core = require "dataworks.core"
local failures = require "dataworks.util.credential_failure"
local percent = require "dataworks.util.percent"

local M = {}

-- Hiding something shorter would spoil ordinary words.
local SHORTEST_SECRET = 6

local function replace_plain(text, secret)
  return (text:gsub(secret:gsub("%p", "%%%0"), "***"))
end

--- A function that puts *** for each secret in a text, as it is and percent-encoded once or twice.
---@param secrets string[]
---@return fun(text: string): string
function M.hider(secrets)
  local list = {}
  for _, secret in ipairs(secrets) do
    if #secret >= SHORTEST_SECRET then
      local once = percent.encode(secret)
      list[#list + 1] = secret
      list[#list + 1] = once ~= secret and once or nil
      list[#list + 1] = once ~= secret and percent.encode(once) or nil
    end
  end
  return function(text)
    for _, secret in ipairs(list) do
      text = replace_plain(text, secret)
    end
    return text
  end
end

local function joined(list, ...)
  local all = {}
  for i, text in ipairs(list) do
    all[i] = text
  end
  for i = 1, select("#", ...) do
    all[#all + 1] = (select(i, ...))
  end
  return all
end

local function as_failure(wrong)
  return {
    kind = "credentials", sent = false, message = ("%s %s"):format(wrong.path, wrong.message),
    advice = "copy the key again, without blanks and line breaks around it",
  }
end

--- @class dataworks.Signer
--- @field get fun(deadline?: number): userdata|nil, table|nil the prepared keys, or fields of an error
--- @field expire fun(refused: userdata): boolean the service refused these keys: may there be others now?
--- @field hide fun(text: string): string
--- @field close fun()

---@param source dataworks.CredentialSource
---@param algorithm string|nil
---@param more_secrets string[] that have to be hidden too
---@return dataworks.Signer
function M.new(source, algorithm, more_secrets)
  local current, id, secret, token, bearer
  local hide = M.hider(more_secrets)
  local signer = {}

  local function renew(found)
    local made, wrong = core.signer {
      algorithm = algorithm, access_key_id = found.access_key_id, access_key_secret = found.access_key_secret,
      security_token = found.security_token, bearer_token = found.bearer_token,
    }
    if not made then
      return nil, as_failure(wrong)
    end
    if current then
      current:close()
    end
    -- A reply to a request under the old keys may still come.
    hide = M.hider(joined(more_secrets, secret, token, bearer, found.access_key_secret, found.security_token,
      found.bearer_token))
    current, id, secret, token = made, found.access_key_id, found.access_key_secret, found.security_token
    bearer = found.bearer_token
    return current
  end

  function signer:get(deadline)
    local found, err = source.get(deadline)
    if not found then
      return nil, err
    elseif not source then -- closed while they were fetched
      return nil, failures.CLOSED
    elseif current and found.access_key_id == id and found.access_key_secret == secret
      and found.security_token == token and found.bearer_token == bearer then
      return current
    end
    return renew(found)
  end

  --- Calls that overlap are refused together; keys that one of them renewed are not to be forgotten by the next.
  function signer:expire(refused)
    if refused ~= current then
      return true
    end
    return source.expire()
  end

  function signer:redact(text)
    return hide(text)
  end

  function signer:close()
    if current then
      current:close()
    end
    if source and source.close then
      source.close()
    end
    current, id, secret, token, bearer, source = nil, nil, nil, nil, nil, nil
  end

  return signer
end

return M
