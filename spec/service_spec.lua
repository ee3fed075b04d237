-- The example service on real nginx, against the emulator. It runs on nginx's own LuaJIT: once is enough.
if not rawget(_G, "jit") then return end

local cjson = require "cjson"
local curl = require "dataworks.curl"
local dataworks = require "dataworks"
local emulators = require "spec.support.emulator"
local services = require "spec.support.service"

describe("the example service", function()
  local emulator, service, session

  setup(function()
    emulator = emulators.start()
    service = services.start(emulator)
    session = curl.new {}
  end)
  teardown(function()
    if session then session:close() end
    if service then service:stop() end
    if emulator then emulator:stop() end
  end)

  local TASK = {
    ProjectId = "10000", TaskType = "DI_REALTIME",
    TaskParam = dataworks.task {
      from = { mysql = "mysql_pub", tables = { "orders" } }, to = { odps = "odps_source" },
      resource_group = "S_res_group_280749521950784_1623033752022",
    },
  }

  local function ask(method, path, body, headers)
    headers = headers or {}
    if body then headers["content-type"] = headers["content-type"] or "application/json" end
    local status, got, text = session:send(method, service:url(path), headers, body or "", 30)
    assert(status, got and got.message)
    local ok, value = pcall(cjson.decode, text)
    return status, ok and value or text, got
  end

  local function task(name, changes)
    local all = { TaskName = name }
    for field, value in pairs(TASK) do all[field] = value end
    for field, value in pairs(changes or {}) do all[field] = value end
    return cjson.encode(all)
  end

  --- The task once it has ended; the service is asked until then.
  local function ended(id)
    for _ = 1, 600 do
      local _, got = ask("GET", "/sync-tasks/" .. id)
      if got.ended then return got end
      curl.sleep(0.05)
    end
    error "the task does not end"
  end

  local function created(name)
    local count = 0
    for _, entry in ipairs(emulator:journal "CreateDISyncTask") do
      if entry.status == 200 then count = count + 1 end
    end
    return count, name
  end

  before_each(function() emulator:reset() end)

  it("answers at once, carries the task, and tells how far it is", function()
    local status, accepted, headers = ask("POST", "/sync-tasks", task "orders_to_odps")
    assert.same({ 202, "accepted", false, "orders_to_odps" }, { status, accepted.step, accepted.ended, accepted.name })
    assert.equal("/sync-tasks/" .. accepted.id, headers.location)
    local got = ended(accepted.id)
    assert.equal("created", got.step)
    assert.matches("^%d+$", got.file_id)
    assert.is_nil(got.state or got.params or got.error)
    assert.equal(1, (created()))
    local _, all = ask("GET", "/sync-tasks")
    assert.equal(accepted.id, all.tasks[1].id)
  end)

  it("gives the same task for the same Idempotency-Key", function()
    local _, one = ask("POST", "/sync-tasks", task "once", { ["idempotency-key"] = "k1" })
    local status, two = ask("POST", "/sync-tasks", task "once", { ["idempotency-key"] = "k1" })
    assert.same({ 202, one.id }, { status, two.id })
    ended(one.id)
    assert.equal(1, (created()))
  end)

  it("says at once what is wrong with a task, and where", function()
    local status, answer = ask("POST", "/sync-tasks", task("bad", { TaskType = "DI_WRONG" }))
    assert.same({ 400, "invalid", "TaskType" }, { status, answer.error.kind, answer.error.path })
    status, answer = ask("POST", "/sync-tasks", task("bad", { TaskParam = { steps = "none" } }))
    assert.equal(400, status)
    assert.matches("^TaskParam", answer.error.path)
    status, answer = ask("POST", "/sync-tasks", "{no json")
    assert.equal(400, status)
    assert.matches("^the body is no JSON object", answer.error.message)
    assert.equal(400, (ask("POST", "/sync-tasks", "[]", { ["idempotency-key"] = "" })))
    assert.equal(415, (ask("POST", "/sync-tasks", "{}", { ["content-type"] = "text/plain" })))
    assert.equal(0, (created()))
  end)

  it("refuses other methods, places and sizes", function()
    assert.equal(404, (ask("GET", "/sync-tasks/none")))
    assert.equal(404, (ask("GET", "/sync-tasks/a/b")))
    local status, _, headers = ask("PUT", "/sync-tasks", "{}")
    assert.same({ 405, "GET, HEAD, POST" }, { status, headers.allow })
    local answer
    status, answer = ask("POST", "/sync-tasks", ("x"):rep(1024 * 1024 + 1))
    assert.same({ 413, "invalid" }, { status, answer.error.kind })
  end)

  it("tells what the service refused, with what may help", function()
    emulator:fault { fault = "error", action = "GenerateDISyncTaskConfigForCreating", status = 403, code = "Forbidden.Access", times = 9 }
    local _, accepted = ask("POST", "/sync-tasks", task "refused")
    local got = ended(accepted.id)
    assert.same({ "failed", "service", "Forbidden.Access", false }, { got.step, got.error.kind, got.error.code, got.error.may_exist })
  end)

  it("goes on after a reload with what was under way, and creates it once", function()
    emulator:settings { pending_calls = 4 }
    local _, accepted = ask("POST", "/sync-tasks", task "over_a_reload")
    for _ = 1, 200 do
      local _, got = ask("GET", "/sync-tasks/" .. accepted.id)
      if got.polls > 0 then break end
      curl.sleep(0.02)
    end
    service:reload()
    local got = ended(accepted.id)
    assert.equal("created", got.step, got.error and got.error.message)
    assert.equal(1, (created()))
    assert.equal(1, #emulator:journal "GenerateDISyncTaskConfigForCreating")
  end)

  it("serves its page, which loads nothing from elsewhere", function()
    local status, page, headers = ask("GET", "/")
    assert.equal(200, status)
    assert.matches("<title>Synchronization tasks</title>", page, 1, true)
    assert.equal("default-src 'self'", headers["content-security-policy"])
    for _, path in ipairs { "/app.js", "/style.css" } do assert.equal(200, (ask("GET", path))) end
  end)
end)
