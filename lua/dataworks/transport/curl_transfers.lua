-- Sends the requests of all tasks of a loop, through one multi handle of libcurl, so that the requests share
-- connections. At most 256 requests per host are in flight; the rest queue.

local core = require "dataworks.core"
local failures = require "dataworks.transport.curl_failure"
local new_queue = require "dataworks.util.queue"
local scheduler = require "dataworks.transport.scheduler"
local session_pool = require "dataworks.transport.session_pool"

local M = { new_pool = session_pool.new }

-- Loads libcurl at the first request. Inside nginx there is no loop, so libcurl is never loaded there.
local function load_curl() return require "dataworks.curl" end

local MAX_IN_FLIGHT = 256

-- The message of Lua's error when memory runs out.
local NO_MEMORY = "not enough memory"

-- Seconds after the deadline at which the loop ends a request. libcurl itself ends most requests at their deadline, but
-- not always a request that waits for a connection.
local GRACE = 0.1

---@class dataworks.Transfer one request of one task
---@field state "queued"|"starting"|"in_flight"|"collected"|"completed" in this order. In the state "collected", the
---  result was taken from the session, but the task does not have it yet.
---@field session userdata|false the session that sends the request; false unless the request is in flight
---@field id integer|false the number of the transfer in the multi handle
---@field queued_at number|false when the request was queued; false if it was not
local Transfer = {}
Transfer.__index = Transfer

---@class dataworks.Transfers
---@field in_flight table<integer, dataworks.Transfer> the transfers by their ids
---@field hosts table<string, table> the number of requests in flight and the queue of each host
---@field freed table<table, true> the hosts for which a request has ended since the last advance()
local Transfers = {}
Transfers.__index = Transfers

--- Creates the object that sends the requests of a loop.
---@param loop { timers: table } the loop, which may replace its timers
function M.new(loop)
  return setmetatable({ loop = loop, multi = false, hosts = {}, freed = {}, in_flight = {}, closed = false }, Transfers)
end

--- Returns the entry of a request's host; creates it if necessary. Requests with the same scheme, host, port and proxy
--- have the same entry.
local function get_host(self, request, proxy)
  local url = request.url
  local path = url:find("/", #"https://" + 1, true) or 0
  local name = url:sub(1, path - 1) .. " " .. (proxy or "")
  local host = self.hosts[name]
  if not host then
    host = { name = name, in_flight = 0, queue = new_queue() }
    self.hosts[name] = host
  end
  return host
end

local function forget_idle_host(self, host)
  if host.in_flight == 0 and host.queue:length() == 0 then
    self.hosts[host.name] = nil
  end
end

local function get_multi(self)
  self.multi = self.multi or load_curl().multi()
  return self.multi
end

--- Passes a request to libcurl. Its timeout is the time left until the deadline.
local function start(self, transfer)
  local request, limits = transfer.request, transfer.limits
  local multi, session = get_multi(self), transfer.pool:take()
  transfer.state = "starting"
  local ok, id = pcall(multi.add, multi, session, request, transfer.deadline - core.clock(), limits.connect_timeout,
    limits.proxy)
  if not ok then
    transfer.pool:give_back(session)
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

local function complete(self, transfer, ...)
  self.loop.timers:remove(transfer.timer)
  transfer.pool.transfers[transfer] = nil
  transfer.state = "completed"
  transfer.task:wake(...)
end

local function start_queued_transfer(self, transfer)
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

--- Starts queued requests of a host, up to the limit of requests in flight.
local function advance(self, host)
  while host.in_flight < MAX_IN_FLIGHT and host.queue:length() > 0 do
    local transfer = host.queue:pop()
    if transfer and transfer.state == "queued" then
      start_queued_transfer(self, transfer)
    end
  end
  forget_idle_host(self, host)
end

--- Takes the result of a request that libcurl has completed, and puts its session back into the pool.
---@return integer|nil status
---@return table headers the failure if there is no status
local function collect(self, transfer)
  local session = transfer.session
  transfer.session, transfer.state = false, "collected"
  self.in_flight[transfer.id] = nil
  transfer.host.in_flight = transfer.host.in_flight - 1
  self.freed[transfer.host] = true
  local status, headers, body = session:result()
  transfer.pool:give_back(session)
  return status, headers, body
end

--- Ends a transfer early. If its reply is already complete, the task gets the reply.
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
---@return dataworks.Transfer|nil transfer nil if the request is invalid
local function begin(self, task, pool, request, limits)
  local host, grace = get_host(self, request, limits.proxy), 0
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
      forget_idle_host(self, host)
      return nil, err
    end
    grace = GRACE
  end
  pool.transfers[transfer] = true
  transfer.timer = self.loop.timers:add(transfer.deadline + grace, expire, transfer)
  return transfer
end

--- Sends a request. The task waits for the reply while other tasks run.
---@param limits table see send in transport/curl.lua
---@return integer|nil status
---@return table headers the failure if there is no status
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
  if not status and not headers then -- the loop was interrupted, and its recovery woke the task without a result
    return nil, failures.without_result("collected", "cancelled", scheduler.CANCELLED)
  end
  return status, headers, body
end

function Transfers:is_busy()
  return next(self.in_flight) ~= nil
end

--- Starts queued requests of the hosts for which a request has ended. The loop calls this after the tasks have run, so
--- that a task has read its reply, which may ask for a pause, before the next request starts.
function Transfers:advance()
  for host in pairs(self.freed) do
    advance(self, host)
    self.freed[host] = nil -- after the call, so that an interrupted call is repeated
  end
end

--- Counts the requests in flight again, because an interruption may separate the end of a transfer from its count.
function Transfers:recount()
  for _, host in pairs(self.hosts) do
    host.in_flight, self.freed[host] = 0, true
  end
  for id, transfer in pairs(self.in_flight) do
    if transfer.state == "in_flight" then
      transfer.host.in_flight = transfer.host.in_flight + 1
    else
      self.in_flight[id] = nil
    end
  end
end

--- Lets libcurl send and receive. Waits at most `seconds` until a transfer ends, and completes the transfers that
--- ended.
function Transfers:poll(seconds)
  if not self.multi then
    if seconds > 0 then
      load_curl().sleep(seconds)
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

--- Returns the time until which poll() must be called even if nothing arrives.
---@return number seconds math.huge if there is no such time
function Transfers:timeout()
  if next(self.freed) then
    return 0
  end
  return self.multi and self.multi:timeout() or math.huge
end

--- Returns a file descriptor that is readable when poll() has something to do.
---@return integer|nil fd nil if the system has no epoll
function Transfers:fd()
  return get_multi(self):fd()
end

--- Marks a transfer as completed without waking its task.
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
