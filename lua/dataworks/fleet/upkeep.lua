-- What changes in a ledger beside the work on tasks: names, protection, and tasks that leave the fleet.

local core = require "dataworks.core"
local ids = require "dataworks.util.ids"
local ledgers = require "dataworks.fleet.ledger"

local M = {}

--- Stands in place of the digests of a task that is deleted.
M.DELETED = "deleted"

--- Runs one statement for each item in one transaction.
local function each(ledger, items, fn)
  if #items > 0 then
    ledger.database:transaction(function(db)
      for _, item in ipairs(items) do
        fn(db, item)
      end
    end)
  end
end

--- Returns whether the row is of a task that exists, or whose creation may have begun.
---@param row dataworks.fleet.Row|nil
---@return boolean
function M.is_present(row)
  return row ~= nil and (row.file_id ~= nil or row.wanted ~= M.DELETED)
end

-- A row of a deleted task makes room. The lease of a claim stays, so that the work that is in progress ends first.
local MOVE = {
  "delete from tasks where fleet = $1 and name = $2 and file_id is null and wanted = 'deleted'",
  [[update tasks set name = $3, named = coalesce(named, $2), made = null where fleet = $1 and name = $2
    and not exists (select 1 from tasks other where other.fleet = $1 and other.name = $3)]],
}
local TEXTS = { "specs", "flows", "contents" }
local MOVE_TEXTS = "update %s set name = $3 where fleet = $1 and name = $2"

--- Renames tasks in the ledger. They keep their FileIds.
---@param moves { from: string, to: string }[]
function M.move(ledger, moves)
  each(ledger, moves, function(db, move)
    db:query(MOVE[1], ledger.key, move.to)
    if #db:query(MOVE[2] .. " returning name", ledger.key, move.from, move.to) > 0 then
      for _, name in ipairs(TEXTS) do
        db:query(("delete from %s where fleet = $1 and name = $2"):format(name), ledger.key, move.to)
        db:query(MOVE_TEXTS:format(name), ledger.key, move.from, move.to)
      end
    end
  end)
end

--- Protects tasks, or ends their protection.
---@param wanted { name: string, protect: boolean }[]
function M.protect(ledger, wanted)
  each(ledger, wanted, function(db, task)
    db:query("update tasks set protect = cast($3 as smallint) where fleet = $1 and name = $2", ledger.key, task.name,
      task.protect and "1" or "0")
  end)
end

local HAS_FLOW = " exists (select 1 from flows where flows.fleet = tasks.fleet and flows.name = tasks.name)"
local OF_TASK = " where fleet = $1 and name = $2 and state in (0, 3)"

--- Takes back what is queued for tasks that left the manifest. A flow that has begun is finished, since only that shows
--- what the service has.
---@param names string[]
function M.drop(ledger, names)
  each(ledger, names, function(db, name)
    db:query("delete from tasks" .. OF_TASK .. " and file_id is null and predecessor is null and not" .. HAS_FLOW,
      ledger.key, name)
    db:query("update tasks set state = 2, error = null, wanted = case when file_id is null then 'deleted' "
      .. "else coalesce(made, '') end" .. OF_TASK .. " and not" .. HAS_FLOW, ledger.key, name)
    db:query("update tasks set state = 0, next_at = {clock}, tries = 0" .. OF_TASK, ledger.key, name)
  end)
end

-- A row with a predecessor stays: without it, a new task of the name would get the ClientToken of the deleted one.
local FORGET = {
  "delete from tasks where fleet = $1 and name = $2 and state <> 1 and predecessor is null returning name",
  [[update tasks set file_id = null, script_made = null, made = 'deleted', wanted = 'deleted', reached = 'created',
    state = 2, error = null, protect = 0, named = null where fleet = $1 and name = $2 and state <> 1 returning name]],
}

--- Removes tasks from the ledger, and not from the service.
---@param names string[]
---@param deleted? boolean true: the service does not have them any more
---@return string[] busy the tasks on which a runner works; they stay
function M.forget(ledger, names, deleted)
  local busy = {}
  each(ledger, names, function(db, name)
    if deleted then
      db:query("update tasks set predecessor = coalesce(file_id, predecessor) where fleet = $1 and name = $2 "
        .. "and state <> 1", ledger.key, name)
    end
    if #db:query(FORGET[1], ledger.key, name) + #db:query(FORGET[2], ledger.key, name) == 0 then
      busy[#busy + 1] = name
    else
      for _, of in ipairs(TEXTS) do
        db:query(("delete from %s where fleet = $1 and name = $2"):format(of), ledger.key, name)
      end
    end
  end)
  return busy
end

--- Returns the runners of the fleet, with the seconds since they began and since they were seen, and how many tasks
--- they work on.
---@return { id: string, label: string, age: string, silent: string, tasks: string }[]
function M.runners(ledger)
  return ledger:run([[select id, label, cast(({clock} - started_at) / 1000 as text) as age,
    cast(({clock} - seen_at) / 1000 as text) as silent,
    cast((select count(*) from tasks where tasks.fleet = runners.fleet and owner = id and state = 1) as text) as tasks
    from runners where fleet = $1 order by started_at, id]], ledger.key)
end

--- Returns what was wanted last for tasks, by name.
---@param names string[]
---@return table<string, dataworks.fleet.Task>
function M.specs(ledger, names)
  local specs = {}
  each(ledger, names, function(db, name)
    local row = db:query("select spec from specs where fleet = $1 and name = $2", ledger.key, name)[1]
    specs[name] = row and core.decode(row.spec)
  end)
  return specs
end

--- Returns the scripts that were written into the service, by name.
---@return table<string, string>
function M.contents(ledger)
  local contents = {}
  for _, row in ipairs(ledger:run("select name, content from contents where fleet = $1", ledger.key)) do
    contents[row.name] = row.content
  end
  return contents
end

local IMPORT = {
  [[insert into tasks
    (fleet, name, task_type, file_id, script_made, reached, made, wanted, state, next_at, fence, tries)
    values ($1, $2, $3, $4, $5, $6, $7, $7, 2, {clock}, 0, 0) on conflict (fleet, name) do nothing returning name]],
  [[insert into specs (fleet, name, spec) values ($1, $2, $3)
    on conflict (fleet, name) do update set spec = excluded.spec]],
  [[insert into contents (fleet, name, content) values ($1, $2, $3)
    on conflict (fleet, name) do update set content = excluded.content]],
}

--- Adds tasks that exist, as if they had been applied. A task that the ledger has stays as it is.
---@param items { task: dataworks.fleet.Task, file_id: string|integer, content: string }[]
function M.import(ledger, items)
  each(ledger, items, function(db, item)
    local task = item.task
    if db:query(IMPORT[1], ledger.key, task.name, task.task_type, ids.text(item.file_id), task.script_digest,
        task.state, task.digest)[1] then
      db:query(IMPORT[2], ledger.key, task.name, ledgers.spec_of(task))
      db:query(IMPORT[3], ledger.key, task.name, item.content)
    end
  end)
end

return M
