-- Temporary credentials in a lua_shared_dict: one worker of an nginx fetches them for all.

local cjson = require "cjson.safe"
local core = require "dataworks.core"
local inside_nginx = require "dataworks.util.inside_nginx"
local variables = require "dataworks.credentials.variables"

local M = {}

-- Another worker's fetch is waited for this long; one that was killed during it holds up the others no longer.
local LOCK_TIME = 15
local AGAIN = 0.05

-- What lasts shorter than this is not worth taking over, in seconds.
local SHORTEST = 60

--- Why there is no such dict.
---@param name string
---@return string|nil
function M.wrong(name)
  if not inside_nginx() then
    return "credentials_dict is for nginx, whose workers share a lua_shared_dict; leave it out elsewhere"
  elseif not rawget(_G, "ngx").shared[name] then
    return ("nginx has no lua_shared_dict %s; add \"lua_shared_dict %s 64k;\" to its http block"):format(name, name)
  end
end

-- What is in the dict

local function same(one, other)
  return one ~= nil and one.access_key_id == other.access_key_id and one.security_token == other.security_token
end

--- Those that another worker has left, unless they are the ones that are to be replaced.
local function take(dict, key, host, last)
  local text = dict:get(key)
  local found = text and cjson.decode(text)
  if type(found) == "table" and not same(last, found) and (found.expiration or 0) - host.now() > SHORTEST then
    return found
  end
end

--- A dict that is full costs the others a fetch of their own.
local function leave(dict, key, host, found)
  local left = (found.expiration or 0) - host.now()
  if left > SHORTEST then
    dict:safe_set(key, core.encode {
      access_key_id = found.access_key_id, access_key_secret = found.access_key_secret,
      security_token = found.security_token, expiration = found.expiration,
    }, left)
  end
end

-- Whose they are

-- What decides, beside options and files, which credentials are fetched.
local VARIABLES, PLAIN = {}, { "HOME", "ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN" }
for name in ([[
  ACCESS_KEY_ID ACCESS_KEY_SECRET SECURITY_TOKEN PROFILE ROLE_ARN ROLE_SESSION_NAME EXTERNAL_ID OIDC_PROVIDER_ARN
  OIDC_TOKEN_FILE STS_ENDPOINT STS_REGION VPC_ENDPOINT_ENABLED ECS_METADATA CREDENTIALS_URI CONFIG_FILE
  CREDENTIALS_FILE
]]):gmatch("%S+") do
  VARIABLES[#VARIABLES + 1] = name
end

local function environment(getenv)
  local values = {}
  for _, name in ipairs(VARIABLES) do
    values["*_" .. name] = variables.any(getenv, name)
  end
  for _, name in ipairs(PLAIN) do
    values[name] = getenv(name)
  end
  return values
end

--- Clients whose credentials are others must not come to the same key: after a reload, the dict is still there.
local function key_of(options, host, scope, name, number)
  return "credentials:" .. rawget(_G, "ngx").md5(core.encode {
    credentials = options.credentials or "default", profile = options.profile or "", region = options.region or "",
    network = options.network or "", environment = environment(host.getenv), scope = scope, name = name,
    number = number,
  })
end

--- What a function gives can't be told apart.
local function has_function(credentials)
  return type(credentials) == "function"
    or type(credentials) == "table" and has_function(credentials.source)
end

-- Fetching

--- Makes a function that stands in for `fetch` of a provider.
local function sharer(options, host, scope)
  local ngx = rawget(_G, "ngx")
  local dict, made = ngx.shared[options.credentials_dict], 0
  return function(name, fetch)
    made = made + 1
    local number, last = made, nil

    local function fetch_for_all(key, deadline)
      local found, failure = fetch(deadline)
      if found then
        leave(dict, key, host, found)
      end
      return found, failure
    end

    --- Waits for half of the time at the most, so that some is left in case the other worker is gone.
    return function(deadline)
      local key, mine = key_of(options, host, scope, name, number), host.nonce()
      local lock = key .. ":lock"
      local give_up = host.clock() + math.min(LOCK_TIME, (deadline - host.clock()) / 2)
      local locked, why, found, failure
      repeat
        found = take(dict, key, host, last)
        if not found then
          locked, why = dict:safe_add(lock, mine, LOCK_TIME)
        end
      until found or why ~= "exists" or host.clock() >= give_up or not pcall(ngx.sleep, AGAIN)
      if not found then
        -- Whoever had the lock may have left some since they were looked for.
        found = take(dict, key, host, last)
      end
      if not found then
        found, failure = fetch_for_all(key, deadline)
      end
      if locked and dict:get(lock) == mine then
        dict:delete(lock)
      end
      last = found or last
      return found, failure
    end
  end
end

---@param options table of dataworks.new, with credentials_dict
---@param host dataworks.CredentialHost gets `shared`, and `within` for what a file describes
function M.extend(options, host)
  if has_function(options.credentials) then
    return
  end
  host.shared = sharer(options, host, "")
  function host.within(scope)
    return setmetatable({ shared = scope and sharer(options, host, scope) or false }, { __index = host })
  end
end

return M
