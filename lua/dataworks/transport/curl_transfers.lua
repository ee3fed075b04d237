-- The requests of a loop's tasks: all in one libcurl multi, whose connections they share. At most 256 requests per host
-- are in flight; the rest queue.

local core = require "dataworks.core"
local failures = require "dataworks.transport.curl_failure"
local new_queue = require "dataworks.util.queue"
local scheduler = require "dataworks.transport.scheduler"
local session_pool = require "dataworks.transport.session_pool"

local M = { new_pool = session_pool.new }

-- The first request loads it. Inside nginx there is no loop, so libcurl is never loaded there.
local function curl() return require "dataworks.curl" end

local MAX_IN_FLIGHT = 256

-- Lua's own message.
local NO_MEMORY = "not enough memory"

-- libcurl checks a request's deadline only when it handles the request, which may be late while the request waits for a
-- connection.
local GRACE = 0.1

---@class dataworks.Transfer one request of one task
---@field state "queued"|"starting"|"in_flight"|"collected"|"completed" in this order. collected: the result is taken
--- from the session and not yet given to the task
---@field session userdata|false while it is in flight
---@field id integer|false of the multi
---@field queued_at number|false
local Transfer = {}
Transfer.__index = Transfer

---@class dataworks.Transfers
---@field in_flight table<integer, dataworks.Transfer> by their ids
---@field hosts table<string, table> each with its number of requests in flight, and its queue
---@field freed table<table, true> hosts at which a request has ended since the last advance()
local Transfers = {}
Transfers.__index = Transfers

---@param loop { timers: table } whose timers may be replaced
---@return dataworks.Transfers
function M.new(loop)
  return setmetatable({ loop = loop, multi = false, hosts = {}, freed = {}, in_flight = {}, closed = false }, Transfers)
end

--- A host is all of a URL before the path, and the proxy.
local function host_of(self, request, proxy)
  local path = request.url:find("/", #"https://" + 1, true) or 0
  local name = request.url:sub(1, path - 1) .. " " .. (proxy or "")
  local host = self.hosts[name]
  if not host then
    host = { name = name, in_flight = 0, queue = new_queue() }
    self.hosts[name] = host
  end
  return host
end

local function forget_idle(self, host)
  if host.in_flight == 0 and host.queue:length() == 0 then
    self.hosts[host.name] = nil
  end
end

local function multi_of(self)
  self.multi = self.multi or curl().multi()
  return self.multi
end

--- Hands a request to libcurl, with the time left until its deadline.
local function start(self, transfer)
  local request, limits = transfer.request, transfer.limits
  local multi, session = multi_of(self), transfer.pool:take()
  transfer.state = "starting"
  local ok, id = pcall(multi.add, multi, session, request.method, request.url, request.headers, request.body,
    transfer.deadline - core.clock(), limits.connect_timeout, limits.proxy)
  if not ok then
    transfer.pool:give(session)
    if id == NO_MEMORY then
      return nil, failures.without_result("queued", "transport", id, "CURLE_OUT_OF_MEMORY")
    end
    return nil, failures.without_result("queued", "invalid", tostring(id), "CURLE_BAD_FUNCTION_ARGUMENT")
  end
  transfer.session, transfer.id, transfer.state = session, id, "in_flight"
  self.in_flight[id] = transfer
  transfer.host.in_flight = transfer.host.in_flight + 1
  return true
end

--- Ends a transfer with these results for its task.
local function complete(self, transfer, ...)
  self.loop.timers:remove(transfer.timer)
  transfer.pool.transfers[transfer] = nil
  transfer.state = "completed"
  transfer.task:wake(...)
end

--- Starts a request that was queued, if it is still valid.
local function start_queued(self, transfer)
  local still_valid = transfer.limits.still_valid
  if still_valid and not still_valid(transfer.queued_at) then
    complete(self, transfer, nil, failures.without_result("queued", "stale_in_queue"))
    return
  end
  local ok, err = start(self, transfer)
  if not ok then
    complete(self, transfer, nil, err)
  end
end

local function advance(self, host)
  while host.in_flight < MAX_IN_FLIGHT and host.queue:length() > 0 do
    local transfer = host.queue:pop()
    if transfer and transfer.state == "queued" then
      start_queued(self, transfer)
    end
  end
  forget_idle(self, host)
end

--- Takes the result of a request that libcurl has ended.
---@return integer|nil status
---@return table headers or failure
---@return string|nil body
local function collect(self, transfer)
  local session = transfer.session
  transfer.session, transfer.state = false, "collected"
  self.in_flight[transfer.id] = nil
  transfer.host.in_flight = transfer.host.in_flight - 1
  self.freed[transfer.host] = true
  local status, headers, body = session:result()
  transfer.pool:give(session)
  return status, headers, body
end

--- Ends a transfer early. A reply that is complete by now is kept.
---@param kind string
---@param message string
---@param code? string
function Transfer:stop(kind, message, code)
  local transfers = self.transfers
  if self.state == "completed" or transfers.closed then
    return
  elseif self.state ~= "in_flight" then
    complete(transfers, self, nil, failures.without_result(self.state, kind, message, code))
    return
  end
  transfers.multi:cancel(self.session)
  local status, headers, body = collect(transfers, self)
  if not status and headers.kind == "cancelled" then
    headers.kind, headers.message, headers.code = kind, message, code
  end
  complete(transfers, self, status, headers, body)
end

local function cancel_with_task(transfer)
  transfer:stop("cancelled", scheduler.CANCELLED)
end

local function expire(transfer)
  transfer:stop("timeout", "the deadline passed before the reply", "CURLE_OPERATION_TIMEDOUT")
end

--- Starts or queues a request.
---@return dataworks.Transfer|nil transfer nil: the request is invalid
---@return table|nil err
local function begin(self, task, pool, request, limits)
  local host, grace = host_of(self, request, limits.proxy), 0
  local transfer = setmetatable({
    transfers = self, task = task, pool = pool, request = request, limits = limits, host = host, state = "queued",
    session = false, id = false, queued_at = false, timer = false, deadline = core.clock() + limits.timeout,
  }, Transfer)
  if host.in_flight >= MAX_IN_FLIGHT or host.queue:length() > 0 then
    transfer.queued_at = core.clock()
    host.queue:push(transfer)
  else
    local ok, err = start(self, transfer)
    if not ok then
      forget_idle(self, host)
      return nil, err
    end
    grace = GRACE
  end
  pool.transfers[transfer] = true
  transfer.timer = self.loop.timers:add(transfer.deadline + grace, expire, transfer)
  return transfer
end

--- Sends a request. The task waits for the reply while other tasks run.
---@param task dataworks.Task
---@param pool dataworks.SessionPool
---@param request table
---@param limits table as those of a transport's send
---@return integer|nil status
---@return table headers or failure
---@return string|nil body
function Transfers:send(task, pool, request, limits)
  if task.is_cancelled then
    task:pause()
    return nil, failures.without_result("queued", "cancelled", scheduler.CANCELLED)
  end
  local transfer, err = begin(self, task, pool, request, limits)
  if not transfer then
    return nil, err
  end
  local status, headers, body = task:suspend(cancel_with_task, transfer)
  if not status and not headers then -- the recovery of an interrupted loop woke the task
    return nil, failures.without_result("collected", "cancelled", scheduler.CANCELLED)
  end
  return status, headers, body
end

function Transfers:is_busy()
  return next(self.in_flight) ~= nil
end

--- Starts queued requests where others have ended. Tasks run before it, so that a pause asked for by a reply is known.
function Transfers:advance()
  for host in pairs(self.freed) do
    advance(self, host)
    self.freed[host] = nil -- after the call, so that an interrupted one is repeated
  end
end

--- Moves all transfers on, and waits at most `seconds` for one to end. Without transfers it sleeps.
---@param seconds number
function Transfers:poll(seconds)
  if not self.multi then
    if seconds > 0 then
      curl().sleep(seconds)
    end
    return
  end
  for _, id in ipairs(self.multi:poll(seconds)) do
    local transfer = self.in_flight[id]
    if transfer then
      complete(self, transfer, collect(self, transfer))
    end
  end
end

---@return number seconds until the next poll() is due even if nothing arrives; math.huge: none is
function Transfers:timeout()
  if next(self.freed) then
    return 0
  end
  return self.multi and self.multi:timeout() or math.huge
end

---@return integer|nil
function Transfers:fd()
  return multi_of(self):fd()
end

local function drop(transfer)
  transfer.state = "completed"
  transfer.pool.transfers[transfer] = nil
end

--- Ends all transfers without waking their tasks.
function Transfers:close()
  self.closed = true
  for _, transfer in pairs(self.in_flight) do
    if transfer.session then
      self.multi:cancel(transfer.session)
      collect(self, transfer)
    end
    drop(transfer)
  end
  for _, host in pairs(self.hosts) do
    for _, transfer in ipairs(host.queue:values()) do
      drop(transfer)
    end
  end
  if self.multi then
    self.multi:close()
  end
end

return M
