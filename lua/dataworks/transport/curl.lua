-- Sends requests outside nginx, through libcurl. While a task waits for a reply, the other tasks of its loop run.
-- Outside tasks, a request blocks the thread.

local core = require "dataworks.core"
local curl = require "dataworks.curl"
local failures = require "dataworks.transport.curl_failure"
local lazy = require "dataworks.util.lazy"
local refusal = require "dataworks.transport.refusal"
local scheduler = require "dataworks.transport.scheduler"
local transfers = lazy "dataworks.transport.curl_transfers"

local M = {}

-- A reply. Its headers are read at their first use, because a call that succeeds does not use them.
local Reply = {}

function Reply:__index(name)
  if name == "headers" then
    self.headers = curl.headers(self.header_text)
    return self.headers
  end
end

local Transport = {}
Transport.__index = Transport
Transport.__name = "dataworks.transport.curl"

local function get_pool(self)
  self._pool = self._pool or transfers.new_pool(self._open)
  return self._pool
end

--- Sends a request: through the loop in a task, else in the transport's own session.
local function exchange(self, request, limits, proxy)
  local task = scheduler.current_task()
  if task and not self._closed then
    return task.loop.transfers:send(task, get_pool(self), request, limits)
  elseif not task and scheduler.is_cancelled() then
    return nil, failures.without_result("queued", "cancelled", scheduler.CANCELLED)
  end
  return self._session:send(request, limits.timeout, limits.connect_timeout, proxy)
end

--- Sends a request and returns the reply.
---@param request userdata|{ method: string, url: string, headers: table<string, string>, body: string } a signed
--- request of dataworks.core, or a table
---@param limits { timeout: number, connect_timeout?: number, proxy?: string, still_valid?: fun(since: number): boolean}
---  The timeouts are in seconds; `timeout` is for the whole exchange. `proxy` is a URL; "" or nil means no proxy. If
---  the request had to wait in a queue, still_valid(since) decides whether it may still be sent.
function Transport:send(request, limits)
  local proxy = limits.proxy or ""
  local status, headers, body = exchange(self, request, limits, proxy)
  if not status then
    return nil, failures.explain(headers, proxy, self._files)
  end
  local failure = refusal.find(request, proxy, status, body)
  if failure then
    return nil, failure
  end
  return setmetatable({ status = status, header_text = headers, body = body }, Reply)
end

--- Blocks the thread. If a signal ends the system's sleep early, sleeps for the rest of the time.
local function block(seconds)
  local deadline = core.clock() + seconds
  while seconds > 0 do
    curl.sleep(seconds)
    seconds = deadline - core.clock()
  end
end

--- Pauses the running task. Outside tasks, blocks the thread.
---@param seconds number
---@param wake_at? number see Task:sleep
function M.sleep(seconds, wake_at)
  local task = scheduler.current_task()
  if task then
    return task:sleep(seconds, wake_at)
  elseif scheduler.is_cancelled() then
    return "cancelled"
  end
  return block(seconds)
end

--- Pauses the running task until the time has passed or the transport is closed. Outside tasks, blocks the thread.
---@param seconds number
---@param wake_at? number see Task:sleep
function Transport:sleep(seconds, wake_at)
  local task = scheduler.current_task()
  if not task or self._closed then
    return M.sleep(seconds, wake_at)
  end
  local sleepers = get_pool(self).sleepers
  sleepers[task] = true
  local cut_short = task:sleep(seconds, wake_at)
  sleepers[task] = nil
  return cut_short
end

--- Creates a latch with which other tasks wait until the running task has fetched something for all of them.
---@return dataworks.Latch|nil latch nil outside tasks
function Transport:latch() -- luacheck: no self
  return scheduler.latch()
end

--- Cancels the requests in flight and ends the sleeps of tasks.
function Transport:close()
  self._closed = true
  self._session:close()
  if self._pool then
    self._pool:close("the client was closed during the call")
  end
end

function Transport:__tostring()
  return tostring(self._session)
end

function M.new(options)
  local files = {}
  for _, name in ipairs(failures.FILES) do
    files[name] = options[name]
  end
  -- The closure holds the options, so that no field of the transport contains the key's password.
  local function open()
    return curl.new(options)
  end
  return setmetatable({
    _session = curl.new(options), _open = open, _files = files, _pool = false, _closed = false,
  }, Transport)
end

return M
