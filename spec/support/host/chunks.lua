-- Runs the Lua chunks that specs send. Runs inside nginx.
-- luacheck: std min+ngx_lua

local M = {}

--- Returns whether the chunk succeeded, and its result or its error.
local function run(text)
  local chunk, message = loadstring(text, "=chunk")
  if not chunk then return false, message end
  return xpcall(chunk, debug.traceback)
end

function M.read()
  ngx.req.read_body()
  return ngx.req.get_body_data()
end

function M.answer()
  local ok, result = run(M.read())
  ngx.status = ok and 200 or 500
  ngx.print(tostring(result))
  ngx.exit(ngx.status)
end

function M.answer_from_timer()
  local text, done, ok, result = M.read(), require("ngx.semaphore").new(0), nil, nil
  assert(ngx.timer.at(0, function()
    ok, result = run(text)
    done:post()
  end))
  assert(done:wait(30))
  ngx.status = ok and 200 or 500
  ngx.print(tostring(result))
end

--- Runs the chunk that the notes hold, and stores its result there.
function M.run_note()
  local ok, result = run(ngx.shared.notes:get "chunk")
  ngx.shared.notes:set("result", tostring(result))
  assert(ok)
end

--- Sends a reply that trickles in for three seconds.
function M.drip()
  local sock = assert(ngx.req.socket(true))
  sock:send "HTTP/1.1 200 OK\r\n"
  for i = 1, 100 do
    ngx.sleep(0.03)
    if not sock:send(("X-%d: y\r\n"):format(i)) then return end
  end
end

--- Notes the error of a call in a phase without cosockets, which would also have to wait for the rate limit.
function M.note(phase)
  local client = require("dataworks").new {
    endpoint = "http://127.0.0.1:1", access_key_id = "spec-id", access_key_secret = "spec-secret",
    limit = { qps = 0.1 },
  }
  client:call("GetDISyncTask", { ProjectId = 1, TaskType = "DI_REALTIME", FileId = 1 })
  local _, err = client:call("GetDISyncTask", { ProjectId = 1, TaskType = "DI_REALTIME", FileId = 1 })
  ngx.shared.notes:set(phase, err.kind .. " " .. tostring(err))
end

return M
