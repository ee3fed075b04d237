-- Plays a row on the client's side: makes the call, and describes its outcome. Runs in each host: as a program, in a task of
-- the loop, and inside nginx.

local core = require "dataworks.core"
local dataworks = require "dataworks"
local rows = require "spec.hostile.rows"

local M = {}

local TIMEOUT = 5 -- seconds, for rows that end at the deadline
local PATIENCE = 20 -- seconds, for the other rows
local MAX_REPLY_BYTES = 1024 * 1024
local LARGE = ("x"):rep(8 * 1024 * 1024)

--- Returns the options of the client that plays a row.
local function client_options(row, host, port, ca_file)
  local timeout = rows.expected(row, host) == "timeout" and TIMEOUT or PATIENCE
  local options = {
    endpoint = ("http://127.0.0.1:%d"):format(port), access_key_id = "id", access_key_secret = "hostile-secret", retries = 0,
    timeout = timeout, connect_timeout = timeout, max_reply_bytes = MAX_REPLY_BYTES, getenv = function() end,
    ca_file = ca_file or nil,
  }
  if row.tls then
    options.endpoint = ("https://localhost:%d"):format(port)
  end
  if row.names then
    options.endpoint, options.allow_http = ("http://%s:%d"):format(row.host, port), true
  end
  if row.proxy then
    options.proxy = ("%s://127.0.0.1:%d"):format(row.proxy, port)
    options.endpoint = (row.tls and "https" or "http") .. "://service.test"
    options.allow_http = true
  end
  for name, value in pairs(row.options or {}) do options[name] = value end
  return options
end

local function call(client, row)
  if row.large then
    return client:call("CreateFile", { ProjectId = 1, FileName = "f", FileType = 10, Content = LARGE })
  end
  return client:call("GetDISyncTask", { ProjectId = 10000, FileId = 100, TaskType = "DI_REALTIME" })
end

local function play(row, host, port, ca_file)
  local options = client_options(row, host, port, ca_file)
  local client = dataworks.new(options)
  local began, result, err = core.clock(), nil, nil
  for _ = 1, row.calls or 1 do
    began = core.clock()
    result, err = call(client, row)
  end
  local elapsed = core.clock() - began
  client:close()
  return {
    kind = result and "ok" or err.kind, sent = err and err.sent, text = err and tostring(err), elapsed = elapsed,
    timeout = options.timeout,
  }
end

--- Plays a row. The outcome has the kind "ok" for a result, and "raised" for an error that was raised.
---@param ca_file string|false
---@return { kind: string, sent: any, text: string|nil, elapsed: number, timeout: number }
function M.play(row, host, port, ca_file)
  local ok, outcome = pcall(play, row, host, port, ca_file)
  return ok and outcome or { kind = "raised", text = tostring(outcome), elapsed = 0, timeout = 0 }
end

local AT_ONCE = 100 -- below the 256 idle connections that a loop keeps, so that kept connections stay open

--- Plays rows at the same time, and stores their outcomes.
---@param spawn fun(fn: function) starts a task
---@param outcomes table gets the outcome of each row
function M.start_all(spawn, rows_to_play, host, ports, ca_file, outcomes)
  local last = 0
  for _ = 1, AT_ONCE do
    spawn(function()
      while last < #rows_to_play do
        last = last + 1
        local i = last
        outcomes[i] = M.play(rows_to_play[i], host, ports[i], ca_file)
      end
    end)
  end
end

return M
