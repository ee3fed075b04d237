-- The ledger of a fleet: which tasks exist, what is wanted, and which runner works on which task. Each write of a
-- runner has the fencing number of its claim in the WHERE: a runner whose lease has ended changes nothing.

local core = require "dataworks.core"
local databases = require "dataworks.database.database"
local schema = require "dataworks.database.schema"
local tables = require "dataworks.util.tables"
local texts = require "dataworks.util.text"
local transports = require "dataworks.transport.choose"

local M = {}

--- The values of the column `state`.
M.QUEUED, M.RUNNING, M.DONE, M.FAILED = "0", "1", "2", "3"

local BATCH = 50
local MAX_ERROR_BYTES = 1000
local MAX_CLAIMS = 1000
local PROBE_TIMEOUT = 2

---@class dataworks.fleet.Row the texts of the ledger about a task
---@field name string
---@field task_type string
---@field file_id? string
---@field script_made? string the digest of the script that the service has
---@field reached "created"|"changed"|"deployed"|"running"
---@field made? string the digest of what was applied completely
---@field wanted string the digest of what is to be applied
---@field state string
---@field error? string
---@field protect "0"|"1" 1: the task is never deleted
---@field predecessor? string the FileId of a deleted task of this name
---@field named? string the name that the service has, if it is not the name of the task yet

---@class dataworks.fleet.Claim: dataworks.fleet.Row
---@field fence string
---@field tries string
---@field spec string what is to be applied, as JSON
---@field flow? string the unfinished flow, as JSON
---@field content? string the script that was written into the service, until the ledger has it
---@field lost? boolean true: the lease has ended
---@field lease_ends number by this runner's monotonic clock; never later than the end in the ledger
---@field new_flow? string|false what the next change writes as the flow

---@class dataworks.fleet.Ledger
---@field database dataworks.Database
---@field key string the fleet
---@field pattern string which tasks this runner claims and counts
local Ledger = {}
Ledger.__index = Ledger

local ROW = "name, task_type, file_id, script_made, reached, made, wanted, "
  .. "cast(state as text) as state, error, cast(protect as text) as protect, predecessor, named"

local function milliseconds(seconds)
  return ("%d"):format(math.floor(seconds * 1000))
end

--- Runs one statement in a transaction of its own.
function Ledger:run(sql, ...)
  local arguments, count = { ... }, select("#", ...)
  return self.database:transaction(function(db)
    return db:query(sql, (table.unpack or unpack)(arguments, 1, count))
  end)
end

--- Returns the rows of all tasks of the fleet, by name.
---@return table<string, dataworks.fleet.Row>
function Ledger:rows()
  local rows = {}
  for _, row in ipairs(self:run(("select %s from tasks where fleet = $1"):format(ROW), self.key)) do
    rows[row.name] = row
  end
  return rows
end

local ENQUEUE = [[insert into tasks as t
  (fleet, name, task_type, reached, wanted, state, next_at, fence, tries) values %s
  on conflict (fleet, name) do update set
    wanted = excluded.wanted, error = null, tries = 0,
    task_type = case when t.file_id is null then excluded.task_type else t.task_type end,
    state = case when t.state = 1 then 1 else 0 end,
    next_at = case when t.state = 1 then t.next_at else excluded.next_at end
  where t.wanted <> excluded.wanted or t.made is null or t.made <> excluded.wanted]]
local NEW_TASK = "($1, %s, %s, 'created', %s, 0, {clock}, 0, 0)"

local KEEP_SPECS = [[insert into specs (fleet, name, spec) values %s
  on conflict (fleet, name) do update set spec = excluded.spec]]
local NEW_SPEC = "($1, %s, %s)"

--- Runs a statement with many rows. Each %s in `pattern` is a value of a row.
local function write_rows(self, db, sql, pattern, rows)
  local values, list, count = { self.key }, {}, 1
  for i, row in ipairs(rows) do
    local at = 0
    list[i] = pattern:gsub("%%s", function()
      at, count = at + 1, count + 1
      values[count] = row[at]
      return "$" .. count
    end)
  end
  db:query(sql:format(table.concat(list, ", ")), (table.unpack or unpack)(values, 1, count))
end

--- Returns what the ledger keeps about what is wanted.
---@param task dataworks.fleet.Task
---@return string
function M.spec_of(task)
  return (core.encode(tables.merge(task, { script = task.script }), true))
end

--- Queues tasks. A task that is applied already stays as it is, and one that a runner works on is queued when its
--- runner has finished. The batches are small, because each holds the locks of its rows, and other runners wait.
---@param tasks dataworks.fleet.Task[]
function Ledger:enqueue(tasks)
  for first = 1, #tasks, BATCH do
    local rows, specs = {}, {}
    for i = first, math.min(first + BATCH - 1, #tasks) do
      local task = tasks[i]
      rows[#rows + 1] = { task.name, task.task_type, task.digest }
      specs[#specs + 1] = { task.name, M.spec_of(task) }
    end
    self.database:transaction(function(db)
      write_rows(self, db, ENQUEUE, NEW_TASK, rows)
      write_rows(self, db, KEEP_SPECS, NEW_SPEC, specs)
    end)
  end
end

-- Both conditions on the state are needed for the index: state = 1 alone does not make SQLite use it. Tasks of dead
-- runners come first, because they would wait behind the queued ones otherwise.
local EXPIRED = [[select name from tasks where fleet = $1 and state = 1 and state < 2 and next_at <= {now}
  and name {matches} $3 order by next_at, name limit cast($2 as integer){skip}]]
local DUE = [[select name from tasks where fleet = $1 and state = 0 and state < 2 and next_at <= {now}
  and name {matches} $3 order by next_at, name limit cast($2 as integer){skip}]]
local TAKE = ([[update tasks set state = 1, owner = $3, fence = fence + 1, tries = tries + 1,
    next_at = {clock} + cast($4 as bigint)
  where fleet = $1 and name = $2 and state < 2
  returning %s, cast(fence as text) as fence, cast(tries as text) as tries]]):format(ROW)

--- Claims tasks for a runner: first those whose lease has ended, then queued ones.
---@param owner string
---@param limit integer
---@param lease number seconds
---@return dataworks.fleet.Claim[]
function Ledger:claim(owner, limit, lease)
  return self.database:transaction(function(db)
    local claims, lease_ends = {}, core.clock() + lease
    limit = math.min(limit, MAX_CLAIMS)
    for _, sql in ipairs { EXPIRED, DUE } do
      local left = limit - #claims
      for _, row in ipairs(left > 0 and db:query(sql, self.key, ("%d"):format(left), self.pattern) or {}) do
        local claim = db:query(TAKE, self.key, row.name, owner, milliseconds(lease))[1]
        claim.spec = db:query("select spec from specs where fleet = $1 and name = $2", self.key, row.name)[1].spec
        local flow = db:query("select flow from flows where fleet = $1 and name = $2", self.key, row.name)[1]
        claim.flow, claim.lease_ends = flow and flow.flow, lease_ends
        claims[#claims + 1] = claim
      end
    end
    return claims
  end)
end

--- Renews the leases of claims, and of no other row of the runner: a claim that the runner has given up, or whose reply
--- was lost, has to expire. Returns the names of the claims that still hold.
---@param claims table<string, dataworks.fleet.Claim>
---@return table<string, true>
function Ledger:renew(owner, lease, claims)
  return self.database:transaction(function(db)
    db:query("update runners set seen_at = {clock} where id = $1", owner)
    local held, lease_ends = {}, core.clock() + lease
    for _, name in ipairs(tables.sorted_keys(claims)) do
      local row = db:query([[update tasks set next_at = {clock} + cast($4 as bigint)
        where fleet = $1 and name = $2 and fence = cast($3 as bigint) and state = 1 returning name]], self.key, name,
        claims[name].fence, milliseconds(lease))[1]
      held[name] = row and true
      claims[name].lease_ends = row and lease_ends or claims[name].lease_ends
    end
    return held
  end)
end

local HELD = " where fleet = $1 and name = $2 and fence = cast($3 as bigint) and state = 1 returning name"

--- Changes the row of a claim. Returns whether the claim still holds; if not, nothing is changed.
local function change(self, claim, assignments, ...)
  local arguments, count = { ... }, select("#", ...)
  return self.database:transaction(function(db)
    local now = core.clock()
    local changed = db:query("update tasks set " .. assignments .. HELD, self.key, claim.name, claim.fence,
      (table.unpack or unpack)(arguments, 1, count))[1] ~= nil
    if changed and claim.new_flow ~= nil then
      if claim.new_flow then
        db:query([[insert into flows (fleet, name, flow) values ($1, $2, $3)
          on conflict (fleet, name) do update set flow = excluded.flow]], self.key, claim.name, claim.new_flow)
      else
        db:query("delete from flows where fleet = $1 and name = $2", self.key, claim.name)
      end
    end
    if changed and claim.content then
      db:query([[insert into contents (fleet, name, content) values ($1, $2, $3)
        on conflict (fleet, name) do update set content = excluded.content]], self.key, claim.name, claim.content)
      claim.content = nil
    end
    return changed and now
  end)
end

--- Changes the row of a claim so that the claim ends. If the reply of the database was lost, the change is made again
--- and finds its own effect: nobody else ends a claim and keeps its fencing number.
local function end_claim(self, claim, ...)
  return change(self, claim, ...) and true or self:run([[select name from tasks where fleet = $1 and name = $2
    and fence = cast($3 as bigint) and state <> 1]], self.key, claim.name, claim.fence)[1] ~= nil
end

--- Writes the state of the flow before a call, and renews the lease. From here until the claim ends, nothing counts as
--- applied completely. `flow` is false after the flow.
---@param flow? string|false nil leaves the stored flow as it is
---@return boolean held
function Ledger:mark(claim, lease, flow)
  claim.new_flow = flow
  local began = change(self, claim, "made = null, next_at = {clock} + cast($4 as bigint)", milliseconds(lease))
  claim.lease_ends = began and began + lease or claim.lease_ends
  return began and true or false
end

--- Writes what the service has now, and removes the flow.
---@param made { file_id?: string, script_made?: string, reached: string, predecessor?: string, named?: string }
---@return boolean held
function Ledger:save(claim, made)
  claim.new_flow = false
  return change(self, claim, "made = null, file_id = $4, script_made = $5, reached = $6, predecessor = $7, named = $8",
    made.file_id, made.script_made, made.reached, made.predecessor, made.named) and true or false
end

--- Ends a claim: everything is applied. A change that was queued meanwhile is applied next.
---@param digest string of what was applied
---@return boolean held
function Ledger:finish(claim, digest)
  claim.new_flow = false
  return end_claim(self, claim, [[made = $4, owner = null, error = null, next_at = {clock},
    state = case when wanted = $5 then 2 else 0 end]], digest, digest)
end

--- Ends a claim without success.
---@param message string|nil the error that is kept; nil: the task is only put back
---@param delay number|nil seconds until the next try; nil: there is none
---@return boolean held
function Ledger:give_back(claim, message, delay)
  claim.new_flow = nil
  return end_claim(self, claim, "owner = null, error = $4, state = cast($5 as smallint), "
    .. "next_at = {clock} + cast($6 as bigint)", message and message:sub(1, texts.cut_length(message, MAX_ERROR_BYTES)),
    delay and M.QUEUED or M.FAILED, milliseconds(delay or 0))
end

--- Puts back everything that a runner has claimed, and removes the runner.
function Ledger:leave(owner)
  return self.database:transaction(function(db)
    db:query([[update tasks set state = 0, owner = null, next_at = {clock} where fleet = $1 and owner = $2
      and state = 1]], self.key, owner)
    db:query("delete from runners where id = $1", owner)
  end)
end

--- Adds a runner. One that was killed leaves the list after a day.
function Ledger:join(owner, label)
  self:run "delete from runners where seen_at < {clock} - 86400000"
  return self:run("insert into runners values ($1, $2, $3, {clock}, {clock}) on conflict (id) do nothing", owner,
    self.key, label)
end

--- Returns how many of the tasks that this runner can claim are in each state.
function Ledger:counts()
  local counts = { [M.QUEUED] = 0, [M.RUNNING] = 0, [M.DONE] = 0, [M.FAILED] = 0 }
  for _, row in ipairs(self:run([[select cast(state as text) as state, cast(count(*) as text) as number from tasks
    where fleet = $1 and name {matches} $2 group by state]], self.key, self.pattern)) do
    counts[row.state] = tonumber(row.number)
  end
  return counts
end

function Ledger:close()
  self.database:close()
end

--- Finds out what is at the address of a database, with a request that it does not understand.
local function probe(host, port)
  local transport = transports.new { allow_http = true }
  local request = { method = "GET", url = ("http://%s:%s/"):format(host, port), headers = {}, body = "" }
  local _, failed = transport:send(request, { timeout = PROBE_TIMEOUT, connect_timeout = PROBE_TIMEOUT })
  transport:close()
  if failed and failed.kind == "timeout" then
    return "silent"
  end
  return failed and failed.sent == false and "absent" or "answers"
end

--- Opens the ledger of a fleet, and brings its tables to the newest version. Raises an error of the kind "ledger" if
--- that is not possible.
---@param url string
---@param key string
---@param only? string a pattern with * and ?: the names of the tasks that this runner claims and counts
---@return dataworks.fleet.Ledger
function M.open(url, key, only)
  local database = databases.open(url, { sleep = transports.sleep, probe = probe })
  schema.migrate(database)
  return setmetatable({ database = database, key = key, pattern = database:pattern(only or "*") }, Ledger)
end

return M
