-- The requests of a loop's tasks: all in one multi, whose connections they share. What is more than a host is to be
-- burdened with stands in a line.

local core = require "dataworks.core"

local M = {}

-- Loaded by the first request: inside nginx, where there is no loop, never.
local function curl() return require "dataworks.curl" end

-- Requests to one host at a time.
local MOST = 256

-- libcurl looks at a deadline when it looks at the request, which one that waits for a connection may have to wait for.
local GRACE = 0.1

local Flight = {}
Flight.__index = Flight

local Transfers = {}
Transfers.__index = Transfers

function M.new(loop)
  return setmetatable({ loop = loop, multi = false, hosts = {}, freed = {}, under_way = {}, closed = false }, Transfers)
end

-- What requests of one transport share: its sessions that are idle, and those under way for when it is closed.

local Pool = {}
Pool.__index = Pool

---@param open fun(): userdata makes a session
function M.pool(open)
  return setmetatable({ open = open, idle = {}, flights = {}, sleepers = {}, closed = false }, Pool)
end

function Pool:take()
  return table.remove(self.idle) or self.open()
end

function Pool:give(session)
  if self.closed then
    session:close()
  else
    self.idle[#self.idle + 1] = session
  end
end

local function keys(map)
  local list = {}
  for key in pairs(map) do
    list[#list + 1] = key
  end
  return list
end

--- Ends what is under way for it.
---@param why string
function Pool:close(why)
  self.closed = true
  for _, flight in ipairs(keys(self.flights)) do
    flight:cancel(why)
  end
  for _, task in ipairs(keys(self.sleepers)) do
    task:interrupt()
  end
  for i = #self.idle, 1, -1 do
    self.idle[i]:close()
    self.idle[i] = nil
  end
end

-- One request

--- By what comes before the path.
local function host_of(self, request, proxy)
  local path = request.url:find("/", #"https://" + 1, true) or 0
  local name = request.url:sub(1, path - 1) .. " " .. (proxy or "")
  local host = self.hosts[name]
  if not host then
    host = { name = name, busy = 0, line = {}, first = 1, last = 0 }
    self.hosts[name] = host
  end
  return host
end

local function forget_idle(self, host)
  if host.busy == 0 and host.first > host.last then
    self.hosts[host.name] = nil
  end
end

local function failure(kind, message, code)
  return { kind = kind, sent = false, message = message, code = code }
end

local function multi_of(self)
  self.multi = self.multi or curl().multi()
  return self.multi
end

--- Hands a request to libcurl, with the time that is left for it.
local function set_out(self, flight)
  local request, limits = flight.request, flight.limits
  local multi, session = multi_of(self), flight.pool:take()
  local ok, id = pcall(multi.add, multi, session, request.method, request.url, request.headers, request.body,
    flight.deadline - core.clock(), limits.connect_timeout, limits.proxy)
  if not ok then
    flight.pool:give(session)
    return nil, failure("invalid", tostring(id), "CURLE_BAD_FUNCTION_ARGUMENT")
  end
  flight.session, flight.id = session, id
  self.under_way[id] = flight
  flight.host.busy = flight.host.busy + 1
  return true
end

local function conclude(self, flight, ...)
  self.loop.timers:remove(flight.timer)
  flight.pool.flights[flight] = nil
  flight.over = true
  self.loop:wake(flight.task, ...)
end

--- One of the line, whose turn has come. In the meantime there may be a reason not to send it.
local function leave_line(self, flight)
  local still_valid = flight.limits.still_valid
  if still_valid and not still_valid(flight.since) then
    conclude(self, flight, nil, { kind = "stale_in_queue", sent = false })
    return
  end
  local ok, wrong = set_out(self, flight)
  if not ok then
    conclude(self, flight, nil, wrong)
  end
end

local function advance(self, host)
  while host.busy < MOST and host.first <= host.last do
    local flight = host.line[host.first]
    host.line[host.first] = nil
    host.first = host.first + 1
    if flight and not flight.over then
      leave_line(self, flight)
    end
  end
  if host.first > host.last then
    host.first, host.last = 1, 0
  end
  forget_idle(self, host)
end

local function given_back(flight, session, ...)
  flight.pool:give(session)
  return ...
end

--- One that libcurl is done with: what a session's send returns.
local function arrive(self, flight)
  local session = flight.session
  flight.session = false
  self.under_way[flight.id] = nil
  flight.host.busy = flight.host.busy - 1
  self.freed[flight.host] = true
  return given_back(flight, session, session:result())
end

--- Ends one early. What it was sent is known then as with any other failure.
---@param kind string
---@param message string
---@param code? string
function Flight:stop(kind, message, code)
  local transfers = self.transfers
  if self.over or transfers.closed then
    return
  end
  if not self.session then
    local err = failure(kind, message, code)
    err.sent = self.id and "unknown" or false -- its result was lost in an interruption
    conclude(transfers, self, nil, err)
    return
  end
  transfers.multi:cancel(self.session)
  local status, headers, body = arrive(transfers, self)
  if not status and headers.kind == "cancelled" then
    headers.kind, headers.message, headers.code = kind, message, code
  end
  conclude(transfers, self, status, headers, body)
end

---@param why string
function Flight:cancel(why)
  self:stop("cancelled", why)
end

local function expire(flight)
  flight:stop("timeout", "the deadline passed before the reply", "CURLE_OPERATION_TIMEDOUT")
end

local function stand_in_line(host, flight)
  flight.since = core.clock()
  host.last = host.last + 1
  host.line[host.last] = flight
end

---@param task dataworks.Task that is going to wait for it
---@return table|nil flight nil: it could not begin
---@return table|nil err
function Transfers:start(task, pool, request, limits)
  local flight = setmetatable({
    transfers = self, task = task, pool = pool, request = request, limits = limits, over = false, session = false,
    id = false, since = false, timer = false, deadline = core.clock() + limits.timeout,
    host = host_of(self, request, limits.proxy),
  }, Flight)
  local host, grace = flight.host, 0
  if host.busy >= MOST or host.first <= host.last then
    stand_in_line(host, flight)
  else
    local ok, err = set_out(self, flight)
    if not ok then
      forget_idle(self, host)
      return nil, err
    end
    grace = GRACE
  end
  pool.flights[flight] = true
  flight.timer = self.loop.timers:add(flight.deadline + grace, expire, flight)
  return flight
end

function Transfers:is_busy()
  return next(self.under_way) ~= nil
end

--- Sends what has stood in line, as far as there is room: only when what came with the last replies, such as an order
--- to pause, is known to all.
function Transfers:advance()
  for host in pairs(self.freed) do
    advance(self, host)
    self.freed[host] = nil -- afterwards: an interruption leaves the rest to the next time
  end
end

--- Carries all on, and waits for at most so long for one to be over. Without any it sleeps.
---@param seconds number
function Transfers:poll(seconds)
  if not self.multi then
    if seconds > 0 then
      curl().sleep(seconds)
    end
    return
  end
  for _, id in ipairs(self.multi:poll(seconds)) do
    local flight = self.under_way[id]
    if flight then
      conclude(self, flight, arrive(self, flight))
    end
  end
end

--- Seconds until there is something to do here even if nothing arrives.
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

function Transfers:close()
  self.closed = true
  for _, flight in pairs(self.under_way) do
    flight.over = true
    flight.pool.flights[flight] = nil
    if flight.session then
      self.multi:cancel(flight.session)
      arrive(self, flight)
    end
  end
  for _, host in pairs(self.hosts) do
    for place = host.first, host.last do
      local flight = host.line[place]
      if flight then
        flight.over = true
        flight.pool.flights[flight] = nil
      end
    end
  end
  if self.multi then
    self.multi:close()
  end
end

return M
