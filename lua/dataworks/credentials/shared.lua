-- Temporary credentials in a lua_shared_dict: one worker of an nginx fetches them for all.

local cjson = require "cjson.safe"
local core = require "dataworks.core"
local inside_nginx = require "dataworks.inside_nginx"

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

local function leave(dict, key, host, found)
  local left = (found.expiration or 0) - host.now()
  if left > SHORTEST then
    -- A dict that is full costs the others a fetch of their own.
    dict:safe_set(key, core.encode(found), left)
  end
end

--- True with the lock; false when it was waited for long enough.
local function waits_for(dict, lock, deadline, host)
  local ngx = rawget(_G, "ngx")
  return not dict:safe_add(lock, true, LOCK_TIME) and host.clock() < deadline and pcall(ngx.sleep, AGAIN)
end

--- Which credentials these are: those of clients with other options are not to be taken for them.
local function identity(options)
  local text = core.encode {
    credentials = options.credentials or "default", profile = options.profile or "", region = options.region or "",
    network = options.network or "",
  }
  return rawget(_G, "ngx").md5(text)
end

--- Makes a function that stands in for `fetch` of a provider.
---@param options table of dataworks.new, with credentials_dict
---@param host dataworks.CredentialHost
---@return fun(name: string, fetch: function): function
function M.new(options, host)
  local ngx = rawget(_G, "ngx")
  local dict, prefix, made = ngx.shared[options.credentials_dict], identity(options), 0
  return function(name, fetch)
    made = made + 1
    local key, last = ("credentials:%s:%s:%d"):format(prefix, name, made), nil
    local lock = key .. ":lock"

    local function fetch_for_all(deadline)
      local found, failure = fetch(deadline)
      if found then
        leave(dict, key, host, found)
      end
      dict:delete(lock)
      return found, failure
    end

    return function(deadline)
      local give_up = math.min(deadline, host.clock() + LOCK_TIME)
      local found = take(dict, key, host, last)
      while not found and waits_for(dict, lock, give_up, host) do
        found = take(dict, key, host, last)
      end
      local failure
      if not found then
        -- Whoever had the lock may have left some in the meantime.
        found = take(dict, key, host, last)
        if found then
          dict:delete(lock)
        else
          found, failure = fetch_for_all(deadline)
        end
      end
      last = found or last
      return found, failure
    end
  end
end

return M
