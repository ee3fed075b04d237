-- Runs SQL on the database of a ledger: SQLite in a file, or PostgreSQL. LuaDBI is loaded when the first ledger opens.
-- All values cross as text, because LuaDBI does not carry 64-bit integers exactly.

local advice_for = require "dataworks.database.advice"
local core = require "dataworks.core"
local errors = require "dataworks.error"

local M = {}

-- Seconds for which a transaction is tried again after the connection was lost, or while another process writes.
local PATIENCE = 30
local MAX_PAUSE = 0.05
-- The number of prepared statements that are kept. A ledger has fewer; only their lists of rows have many texts.
local MAX_STATEMENTS = 40

--- If PostgreSQL keeps a connection open and does not answer for `seconds`, the process ends with `status`, since libpq
--- would wait for ever. The timeouts of a connection and of a statement are shorter. nil, as in a library: the process
--- waits.
---@type { seconds: integer, status: integer }|nil
M.last_resort = nil

-- The connections of the statements. A statement of LuaDBI uses its connection when it is collected, but does not keep
-- the connection alive. Without this table, the connection could be collected first, and the process would crash.
local connections = setmetatable({}, { __mode = "k" })

local POSTGRES_SETTINGS = {
  "connect_timeout=10", "keepalives_idle=10", "keepalives_interval=5", "keepalives_count=3", "tcp_user_timeout=20000",
}

--- What is different in the SQL of the databases. {now} may be the begin of the transaction; {clock} is the present.
local DIALECTS = {
  sqlite = {
    driver = "SQLite3", begin = "begin immediate",
    words = {
      now = "cast((julianday('now')-2440587.5)*86400000 as integer)", lock = "", skip = "",
      clock = "cast((julianday('now')-2440587.5)*86400000 as integer)", greatest = "max", matches = "glob",
      microseconds = "cast((julianday('now')-2440587.5)*86400000000 as integer)",
    },
    session = { "pragma busy_timeout=200", "pragma journal_mode=wal", "pragma synchronous=full" },
    forgetful = "pragma synchronous=normal",
  },
  postgres = {
    driver = "PostgreSQL", begin = "begin",
    words = {
      now = "(extract(epoch from now())*1000)::bigint", lock = " for update", skip = " for update skip locked",
      clock = "(extract(epoch from clock_timestamp())*1000)::bigint", greatest = "greatest",
      matches = "like",
      microseconds = "(extract(epoch from clock_timestamp())*1000000)::bigint",
    },
    -- A runner that stands still in a transaction must not hold its locks for longer than a lease.
    session = {
      "set statement_timeout=20000", "set idle_in_transaction_session_timeout=5000", "set client_min_messages=warning",
    },
    forgetful = "set synchronous_commit=off",
  },
}

--- The messages about a server to which no connection was made. LuaDBI hides the reason that libpq gives, so that the
--- address is asked once more.
local REFUSED = {
  absent = { "nothing listens at %s", "It did not see the password. Check host and port, and that the server runs." },
  silent = { "%s does not answer", "Check host and port, the firewall, and whether the server is overloaded." },
  answers = { "the server at %s refuses the connection", "Check user, password and database; see its log." },
}

---@class dataworks.Database
---@field url string
---@field kind "sqlite"|"postgres"
---@field connection any
---@field statements table<string, any> prepared statements, by their SQL
---@field kept integer the number of prepared statements
---@field sleep fun(seconds: number): "cancelled"|nil
---@field probe fun(host: string, port: string): "absent"|"silent"|"answers"|"unknown"
---@field is_forgetful boolean true: the last writes may be lost when the machine loses power
local Database = {}
Database.__index = Database

--- Returns a URL without its passwords.
function M.printable(url)
  return (url:gsub("^(%w+://[^:/@]*):.*@", "%1:***@"):gsub("([?&]password=)[^&]*", "%1***"))
end

--- Returns the message and the advice about a connection that was not made.
local function explain_refusal(self, message)
  local host, port = self.url:gsub("^%w+://", ""):gsub("^[^/?]*@", ""):match "^([%w_.-]+):?(%d*)"
  port = port ~= "" and port or "5432"
  local row = host and REFUSED[self.probe(host, port)]
  if not row then
    return message, "Check host, port, user, password and database."
  end
  return row[1]:format(host .. ":" .. port), row[2]
end

--- Limits the time for which the process waits for the next answer of PostgreSQL, or ends the limit.
---@param is_waiting boolean
local function limit_wait(self, is_waiting)
  local limit = M.last_resort
  if limit and self.kind == "postgres" then
    core.alarm(is_waiting and limit.seconds or 0, limit.status, self.last_words)
  end
end

local function failure(self, fault)
  local message, advice = fault.database:gsub("%s+", " "), nil
  if fault.refused and self.kind == "postgres" then
    message, advice = explain_refusal(self, message)
  end
  return errors.new {
    kind = "ledger", sent = false, advice = advice or advice_for(message),
    message = ("the ledger %s: %s"):format(M.printable(self.url), message),
  }
end

local function dialect_of(self)
  return DIALECTS[self.kind]
end

--- Returns the text for this database: {now} and the like, and ?1 in place of $1 for SQLite.
local function translate(self, sql)
  local text = self.texts[sql]
  if not text then
    text = sql:gsub("{(%w+)}", dialect_of(self).words)
    text = self.kind == "sqlite" and text:gsub("%$(%d+)", "?%1") or text
    self.texts[sql] = text
  end
  return text
end

--- Returns a prepared statement. It is kept, because LuaDBI needs three round trips for one that is used once.
local function prepare(self, sql)
  if self.statements[sql] then
    return self.statements[sql]
  end
  local statement, message = self.connection:prepare(translate(self, sql))
  if not statement then
    error({ database = tostring(message) }, 0)
  end
  connections[statement] = self.connection
  self.statements[sql], self.kept = statement, self.kept + 1
  return statement
end

local function forget(self, sql)
  self.statements[sql]:close()
  self.statements[sql], self.kept = nil, self.kept - 1
end

--- Runs one statement. Raises the text of the database if it fails.
---@return table[] rows
function Database:query(sql, ...)
  limit_wait(self, true)
  local statement = prepare(self, sql)
  local rows = {}
  local ok, problem = statement:execute(...)
  if ok and sql:find "^%s*select" or ok and sql:find "returning" or ok and sql:find "^pragma" then
    ok, problem = pcall(function()
      for row in statement:rows(true) do
        local copy = {}
        for name, value in pairs(row) do
          copy[name] = value
        end
        rows[#rows + 1] = copy
      end
    end)
  end
  if not ok or self.kept > MAX_STATEMENTS then
    forget(self, sql)
  end
  if not ok then
    error({ database = tostring(problem) }, 0)
  end
  return rows
end

local function connect(self)
  local dialect = dialect_of(self)
  limit_wait(self, true)
  local connection, message = self.dbi.Connect(dialect.driver, self.target)
  if not connection then
    error({ database = tostring(message), refused = true }, 0)
  end
  connection:autocommit(true)
  self.connection = connection
  for _, sql in ipairs(dialect.session) do
    self:query(sql)
  end
  if self.is_forgetful then
    self:query(dialect.forgetful)
  end
end

--- Closes a connection that may be broken.
local function drop(self)
  if self.connection then
    for sql in pairs(self.statements) do
      pcall(forget, self, sql)
    end
    pcall(self.connection.close, self.connection)
    self.connection, self.statements, self.kept = nil, {}, 0
  end
end

local function is_alive(self)
  local ok, alive = pcall(function() return self.connection and self.connection:ping() end)
  return ok and alive
end

--- Returns whether an error is one of the database.
local function is_fault(result)
  return type(result) == "table" and result.database ~= nil
end

--- Returns whether another try can succeed. LuaDBI gives no codes: an error after which the server does not answer is a
--- lost connection.
local function is_passing(self, fault)
  local message = fault.database
  if self.kind == "sqlite" then
    return message:find "locked" or message:find "busy"
  elseif fault.refused then
    return self.was_open
  end
  return message:find "deadlock" or message:find "terminating connection" or message:find "statement timeout"
    or not is_alive(self)
end

--- Runs fn in a transaction once. Returns whether that succeeded, the first result or the error, and whether another
--- try can succeed.
local function attempt(self, fn)
  local ok, result = pcall(function()
    if not self.connection then
      connect(self)
      self.was_open = true
    end
    self:query(dialect_of(self).begin)
    local value = fn(self)
    self:query "commit"
    return value
  end)
  if ok then
    return true, result
  end
  local again = is_fault(result) and is_passing(self, result)
  if not pcall(self.query, self, "rollback") or not is_alive(self) then
    drop(self)
  end
  return false, result, again
end

--- Runs fn in a transaction, and returns its first result. fn must not yield; it may run again after a lost connection.
--- Raises an error of the kind "ledger" if the database refuses.
---@param fn fun(database: dataworks.Database): any
---@param sleep? fun(seconds: number): "cancelled"|nil default: the function that was given when the database was opened
function Database:transaction(fn, sleep)
  local give_up = core.clock() + PATIENCE
  while true do
    local ok, result, again = attempt(self, fn)
    limit_wait(self, false)
    if ok then
      return result
    elseif not is_fault(result) then
      error(result, 0)
    elseif not again or core.clock() >= give_up
      or (sleep or self.sleep)(core.random() * MAX_PAUSE + (result.refused and 0.2 or 0)) == "cancelled" then
      error(failure(self, result), 0)
    end
  end
end

--- Returns the operand of {matches} for a pattern with * and ?.
---@param pattern string
---@return string
function Database:pattern(pattern)
  if self.kind == "sqlite" then
    return (pattern:gsub("%[", "[[]"))
  end
  return (pattern:gsub("[\\%%_]", "\\%0"):gsub("[*?]", { ["*"] = "%", ["?"] = "_" }))
end

function Database:close()
  limit_wait(self, true)
  drop(self)
  limit_wait(self, false)
end

--- Returns the URL with the settings that bound the time for which the process waits for the server.
local function with_timeouts(url)
  for _, setting in ipairs(POSTGRES_SETTINGS) do
    if not url:find(setting:match "^[%w_]+=", 1, true) then
      url = url .. (url:find("?", 1, true) and "&" or "?") .. setting
    end
  end
  return url
end

local function has_driver(dbi, driver)
  for _, name in ipairs(dbi.Drivers()) do
    if name == driver then
      return true
    end
  end
  return false
end

--- Returns the path of the file of a database in SQLite; nil for PostgreSQL.
---@param url string
---@return string|nil
function M.path(url)
  return not url:find "^postgres%a*://" and url:gsub("^sqlite:/*", function(prefix)
    return prefix:find "/" and "/" or ""
  end) or nil
end

--- Opens a database. Raises an error of the kind "ledger" if LuaDBI is missing.
---@param url string a path, sqlite:PATH, or postgresql://USER:PASSWORD@HOST:PORT/DATABASE
---@param options { sleep: fun(seconds: number), probe: function, is_forgetful?: boolean }
---@return dataworks.Database
function M.open(url, options)
  local path = M.path(url)
  local is_postgres = not path
  local self = setmetatable({
    url = url, kind = is_postgres and "postgres" or "sqlite", texts = {}, statements = {}, kept = 0,
    sleep = options.sleep, probe = options.probe,
    is_forgetful = options.is_forgetful or false,
    target = path or with_timeouts(url),
    last_words = ("the ledger %s did not answer for %d seconds; run the same command again, and it goes on\n"):format(
      M.printable(url):sub(1, 300), M.last_resort and M.last_resort.seconds or 0),
  }, Database)
  local driver = dialect_of(self).driver
  local ok, dbi = pcall(require, "DBI")
  if not ok or not has_driver(dbi, driver) then
    error(errors.new {
      kind = "ledger", sent = false, message = "a ledger needs LuaDBI and its driver for " .. driver,
      advice = ("Install lua-dbi-%s with apt-get, or luadbi-%s with luarocks."):format(
        is_postgres and "postgresql" or "sqlite3", driver:lower()),
    }, 0)
  end
  self.dbi = dbi
  return self
end

return M
