-- Runs the chunks of Lua code that specs send. This module runs inside nginx.
-- luacheck: std min+ngx_lua

local M = {}

--- Runs a chunk. Returns true and the result of the chunk, or false and the error of the chunk.
local function run(text)
  local chunk, message = loadstring(text, "=chunk")
  if not chunk then return false, message end
  return xpcall(chunk, debug.traceback)
end

--- Returns the body of the current request.
function M.read()
  ngx.req.read_body()
  return ngx.req.get_body_data()
end

--- Runs the chunk in the request, and replies with its result.
---@param waits? boolean the reply ends after all threads of the request
function M.answer(waits)
  local ok, result = run(M.read())
  ngx.status = ok and 200 or 500
  ngx.print(tostring(result))
  if not waits then ngx.exit(ngx.status) end
end

--- Runs the chunk in a timer, and replies with its result.
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

--- Runs the chunk that the shared dict `notes` holds under "chunk", and stores the result under "result".
function M.run_note()
  local ok, result = run(ngx.shared.notes:get "chunk")
  ngx.shared.notes:set("result", tostring(result))
  assert(ok)
end

--- Sends the headers of a reply slowly, one header each 30 milliseconds, for three seconds.
function M.drip()
  local sock = assert(ngx.req.socket(true))
  sock:send "HTTP/1.1 200 OK\r\n"
  for i = 1, 100 do
    ngx.sleep(0.03)
    if not sock:send(("X-%d: y\r\n"):format(i)) then return end
  end
end

--- Makes two calls in a phase of nginx that has no cosockets, and stores the error of the second call in the shared
--- dict `notes`. Without the missing cosockets, the second call would have to wait for the rate limit.
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
