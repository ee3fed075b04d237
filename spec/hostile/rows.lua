-- The rows: one behaviour of a hostile server each, from the files of rows/.
--
-- A row is { NAME, STEPS, KIND, SENT }. NAME completes the sentence "a server that ...". STEPS are the steps of server.py.
-- KIND and SENT are fields of the error; the kind "ok" is a result. Other fields:
--   tls      true: the endpoint is https://
--   names    the steps of the name server, in names.py. Such rows need a private network, see private_network
--   proxy    the scheme of the proxy; then the server plays the proxy
--   calls    the number of calls with one client; the outcome of the last one counts
--   large    true: the request has 8 MiB
--   options  more options of the client
--   blocking, loop, curl, nginx   { KIND, SENT, REASON }: what this host expects instead; curl stands for the first two
--   any_of   { { KIND, SENT }, ... }: other outcomes that are right as well, where a race or the version of libcurl decides
--   newer    { { KIND, SENT }, ... }: other outcomes that are right as well with libcurl 8. Libcurl 8 is stricter, so that
--            with libcurl 8 the outcome KIND and SENT is right even where `curl` expects something else

local M = {}

M.AREAS = "http1_head http1_body slow tls proxy http2"

local WAITING_STEPS = { pause = true, drip = true, forever = true }

--- Returns whether a row neither waits nor sends much.
local function is_fast(row)
  for _, outcome in ipairs { row[3], (row.curl or {})[1] or "", (row.nginx or {})[1] or "" } do
    if outcome == "timeout" then return false end
  end
  for _, steps in ipairs { row[2], row.names } do
    for _, step in ipairs(steps) do
      if WAITING_STEPS[step[1]] then return false end
    end
  end
  return not row.large
end

--- Returns the rows. Each has the names `name`, `steps`, `kind` and `sent` for its first four fields.
---@param areas string names of files in rows/
---@param only_fast boolean leaves out the rows that wait
function M.load(areas, only_fast)
  local rows, seen = {}, {}
  for area in areas:gmatch "%S+" do
    for _, row in ipairs(require("spec.hostile.rows." .. area)) do
      row.name, row.steps, row.kind, row.sent, row.area = row[1], row[2], row[3], row[4], area
      assert(not seen[area .. row.name], row.name)
      seen[area .. row.name] = true
      if is_fast(row) or not only_fast then
        rows[#rows + 1] = row
        row.host = ("row%d.test"):format(#rows)
      end
    end
  end
  return rows
end

local TRANSPORTS = { blocking = "curl", loop = "curl" }

--- Returns the kind and the field `sent` that a host expects.
---@param host "blocking"|"loop"|"nginx"
function M.expected(row, host)
  local own = row[host] or row[TRANSPORTS[host]]
  if own then return own[1], own[2] end
  return row.kind, row.sent
end

local function has_new_libcurl()
  return tonumber(require("dataworks.curl").version():match "^%d+") >= 8
end

--- Returns a list of the outcomes that are right for a host.
local function right_outcomes(row, host)
  local right = { { M.expected(row, host) } }
  for _, other in ipairs(row.any_of or {}) do right[#right + 1] = other end
  if host ~= "nginx" and has_new_libcurl() then
    right[#right + 1] = { row.kind, row.sent }
    for _, other in ipairs(row.newer or {}) do right[#right + 1] = other end
  end
  return right
end

local SLACK = 6 -- seconds that a loaded machine may add

--- Returns what is wrong with the outcome of a row, or nil.
function M.fault(row, host, outcome)
  local kind, sent = M.expected(row, host)
  local is_right = false
  for _, right in ipairs(right_outcomes(row, host)) do
    is_right = is_right or outcome.kind == right[1] and (right[1] == "ok" or outcome.sent == right[2])
  end
  if is_right and outcome.elapsed <= outcome.timeout + SLACK then return nil end
  return ("%s: a %s server that %s: expected %s, sent %s; got %s, sent %s, after %.1f s: %s"):format(
    host, row.area, row.name, kind, tostring(sent), outcome.kind, tostring(outcome.sent), outcome.elapsed, outcome.text or "")
end

return M
