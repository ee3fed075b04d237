-- The HTTP side: POST /sync-tasks, GET /sync-tasks, GET /sync-tasks/<id>.

local cjson = require "cjson.safe"
local tasks = require "tasks"

local M = {}

local function answer(status, value)
  ngx.status = status
  ngx.header["Cache-Control"] = "no-store"
  ngx.print(cjson.encode(value))
  return ngx.exit(status)
end

local function refuse(status, message, more)
  local err = { kind = "invalid", message = message }
  for name, value in pairs(more or {}) do
    err[name] = value
  end
  return answer(status, { error = err })
end

local function body()
  ngx.req.read_body()
  local text = ngx.req.get_body_data()
  if text then
    return text
  end
  local path = ngx.req.get_body_file()
  local file = path and io.open(path, "rb")
  text = file and file:read "*a" or ""
  if file then
    file:close()
  end
  return text
end

local function post()
  local content_type = ngx.var.http_content_type or ""
  if not content_type:lower():find "^application/json%f[^%w/+-]" then
    return refuse(415, "send the task as application/json")
  end
  local params, message = cjson.decode(body())
  if type(params) ~= "table" then
    return refuse(400, "the body is no JSON object: " .. tostring(message or type(params)))
  end
  local key = ngx.var.http_idempotency_key
  if key and (#key > 200 or key == "") then
    return refuse(400, "Idempotency-Key has to have 1 to 200 characters")
  end
  local task, err = tasks.begin(params, key)
  if not task then
    if err.kind == "overload" then
      ngx.header["Retry-After"] = "60"
      return answer(503, { error = { kind = err.kind, message = err.message } })
    end
    return refuse(400, tostring(err), { path = err.path, advice = err.advice, kind = err.kind })
  end
  ngx.header.Location = "/sync-tasks/" .. task.id
  return answer(202, task)
end

local function list()
  local all = tasks.list()
  -- To cjson an empty table is an object.
  if #all == 0 then
    ngx.header["Cache-Control"] = "no-store"
    return ngx.print '{"tasks":[]}'
  end
  return answer(200, { tasks = all })
end

function M.serve()
  local path, method = ngx.var.uri, ngx.req.get_method()
  local id = path:match "^/sync%-tasks/([%w-]+)$"
  if path ~= "/sync-tasks" and not id then
    return refuse(404, "there is nothing here; see /sync-tasks")
  elseif method == "GET" or method == "HEAD" then
    if not id then
      return list()
    end
    local task = tasks.get(id)
    if not task then
      return refuse(404, "there is no task " .. id)
    end
    return answer(200, task)
  elseif method == "POST" and not id then
    return post()
  end
  ngx.header.Allow = id and "GET, HEAD" or "GET, HEAD, POST"
  return refuse(405, ("%s is not for %s"):format(method, path))
end

return M
