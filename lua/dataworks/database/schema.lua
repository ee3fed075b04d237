-- The tables of a ledger, as numbered migrations. A new release appends migrations and never changes one.

local errors = require "dataworks.error"

local M = {}

M.MIGRATIONS = {
  {
    -- next_at is the due time while a task is queued, and the end of the lease while it runs.
    [[create table tasks (
        fleet text not null, name text not null, task_type text not null,
        file_id text, script_made text, reached text not null, made text, wanted text not null,
        state smallint not null, next_at bigint not null, owner text,
        fence bigint not null, tries bigint not null, error text,
        primary key (fleet, name))]],
    "create index tasks_due on tasks (fleet, state, next_at, name) where state < 2",
    -- Large texts stand apart, because beside them each small update is slow.
    "create table specs (fleet text not null, name text not null, spec text not null, primary key (fleet, name))",
    "create table flows (fleet text not null, name text not null, flow text not null, primary key (fleet, name))",
    [[create table runners (
        id text primary key, fleet text not null, label text not null, started_at bigint not null,
        seen_at bigint not null)]],
  },
  {
    -- predecessor is the FileId of a deleted task of this name. named is the name that the service has, if it differs.
    "alter table tasks add column protect smallint not null default 0",
    "alter table tasks add column predecessor text",
    "alter table tasks add column named text",
  },
  -- The times are in microseconds. tat is the time of the next free slot of a limit.
  { "create table limits (key text primary key, tat bigint not null, paused_until bigint not null)" },
  {
    -- The scripts that were written into the service, for the comparison with what it has.
    "create table contents (fleet text not null, name text not null, content text not null, primary key (fleet, name))",
  },
}

--- Brings the tables to the newest version.
---@param database dataworks.Database
function M.migrate(database)
  database:transaction(function(db)
    if db.kind == "postgres" then
      db:query "select pg_advisory_xact_lock(7239116650811)"
    end
    db:query "create table if not exists ledger_version (version bigint primary key)"
    local row = db:query("select cast(coalesce(max(version), 0) as text) as version from ledger_version")[1]
    local version = tonumber(row.version)
    if version > #M.MIGRATIONS then
      error(errors.new {
        kind = "ledger", sent = false, advice = "Use the release that made it, or a later one.",
        message = ("the ledger has version %d, and this release knows versions up to %d"):format(version,
          #M.MIGRATIONS),
      }, 0)
    end
    for number = version + 1, #M.MIGRATIONS do
      for _, sql in ipairs(M.MIGRATIONS[number]) do
        db:query(sql)
      end
      db:query("insert into ledger_version values (cast($1 as bigint))", tostring(number))
    end
  end)
end

return M
