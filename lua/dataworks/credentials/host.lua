-- What providers are handed: clock, chance, environment and network of their client. Their connections are their own,
-- since the client's options say where it may go, and the metadata service is beside that.

local failures = require "dataworks.util.credential_failure"
local proxies = require "dataworks.transport.proxy"
local signers = require "dataworks.protocol.key_cache"

local M = {}

-- Credentials are short.
local MAX_REPLY_BYTES = 64 * 1024

---@class dataworks.CredentialHost
---@field getenv fun(name: string): string|nil
---@field now fun(): number seconds since 1970
---@field clock fun(): number seconds that never jump
---@field random fun(): number
---@field nonce fun(): string
---@field user_agent string
---@field allow_http boolean
---@field profile? string the one to use, whatever the environment says
---@field http fun(request: table, limits: table): table|nil, table|nil as a transport's send; proxy = "" is direct, and
---  may go in the clear
---@field correct_clock fun(date: string|nil): boolean by the Date of a reply that refused ours
---@field shared nil|false|fun(name: string, fetch: function): function fetches for all workers of an nginx
---@field within nil|fun(scope: string|nil): dataworks.CredentialHost one that shares nothing outside of this scope
---@field gate fun(): dataworks.Gate|nil, table|nil for waiting on another coroutine, where there are any; why nothing
--- can wait
---@field closed fun(): boolean nothing is to be fetched any more
---@field emit fun(event: table)
---@field make fun(value: string|table|function): dataworks.Provider
---@field close fun()

---@param caller dataworks.Caller
---@param options dataworks.Options
---@param getenv fun(name: string): string|nil
---@return dataworks.CredentialHost
function M.new(caller, options, getenv)
  local opened = {}
  local host = {
    now = caller.now, clock = caller.clock, random = caller.random, nonce = caller.nonce,
    user_agent = caller.user_agent, allow_http = options.allow_http or false, profile = options.profile,
    correct_clock = function(date) return caller.clock_skew:correct(date) end,
  }

  if options.credentials_dict then
    require("dataworks.credentials.shared").extend(options, host)
  end

  local function transport(direct)
    if options.transport then
      return options.transport
    elseif not opened[direct] then
      local made, err = caller.new_transport {
        max_reply_bytes = MAX_REPLY_BYTES, allow_http = direct or options.allow_http,
      }
      if not made then
        return nil, err
      end
      opened[direct] = made
    end
    return opened[direct]
  end

  function host.closed()
    return caller.closed
  end

  function host.http(request, limits)
    if caller.closed then
      return nil, failures.CLOSED
    end
    local chosen, err = transport(limits.proxy == "")
    local proxy = limits.proxy
    if chosen and not proxy then
      proxy, err = proxies.find(request.url, options, getenv)
    end
    if err then
      return nil, err
    end
    local reply, lost = chosen:send(request, {
      timeout = limits.timeout, connect_timeout = limits.connect_timeout, proxy = proxy,
    })
    if reply then
      reply.headers, reply.body = reply.headers or {}, reply.body or ""
    else
      lost.message = signers.hider(proxies.secrets(proxy))(caller.key_cache:redact(lost.message))
    end
    return reply, lost
  end

  function host.gate()
    local chosen = transport(false)
    if chosen and chosen.latch then
      return chosen:latch()
    elseif chosen and chosen.gate then
      return chosen:gate()
    end
  end

  function host.emit(event)
    caller.events:emit(event)
  end

  function host.close()
    for direct, made in pairs(opened) do
      opened[direct] = nil
      made:close()
    end
  end

  return host
end

return M
