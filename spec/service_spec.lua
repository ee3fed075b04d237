-- The service of examples/openresty on a real nginx. It runs on nginx's own LuaJIT, whatever runs the specs.
if not rawget(_G, "jit") then return end

local dataworks = require "dataworks"
local emulators = require "spec.support.emulator"
local files = require "spec.support.files"
local services = require "spec.support.service"

local function params(name)
  return {
    ProjectId = 10000, TaskType = "DI_REALTIME", TaskName = name,
    TaskParam = dataworks.task {
      from = { mysql = "mysql_pub", tables = { "orders" } }, to = { odps = "odps_source" },
      resource_group = "S_res_group_280749521950784_1623033752022",
    },
  }
end

describe("the service of examples/openresty", function()
  local emulator, service

  setup(function()
    emulator = emulators.start()
    service = services.start(emulator)
  end)

  teardown(function()
    for _, server in pairs { service or false, emulator or false } do server:stop() end
  end)

  before_each(function() emulator:reset() end)

  local function created(name)
    local count = 0
    for _, call in ipairs(emulator:journal "CreateDISyncTask") do
      if call.params.TaskName == name then count = count + 1 end
    end
    return count
  end

  it("takes a task at once, and creates it", function()
    emulator:settings { first_id = "9007199254740993" }
    local status, body, headers = service:post(params "at_once")
    assert.equal(202, status)
    assert.equal("/sync-tasks/" .. body.id, body.location)
    assert.equal(body.location, headers.location)
    local task = service:await_end(body.id)
    assert.same({ "done", "created", 1, "at_once", "DI_REALTIME", "10000" },
      { task.state, task.step, task.progress, task.TaskName, task.TaskType, task.ProjectId })
    assert.equal("string", type(task.FileId))
    assert.matches("^90071992547409%d%d$", task.FileId)
    assert.is_true(task.created <= task.updated and task.updated <= task.ended)
    assert.equal(1, created "at_once")
  end)

  it("tells how far a task is, alone and in the list, newest first", function()
    emulator:settings { pending_calls = 3 }
    local _, one = service:post(params "first")
    local _, two = service:post(params "second")
    local task = service:await(two.id, function(now) return now.step == "polling" and now.attempt >= 2 end)
    assert.equal("running", task.state)
    assert.is_true(task.progress > 0.25 and task.progress < 0.75)
    assert.is_nil(task.ended)
    local status, body = service:send("GET", "/sync-tasks")
    assert.equal(200, status)
    assert.same({ two.id, one.id }, { body.tasks[1].id, body.tasks[2].id })
    assert.equal("done", service:await_end(one.id).state)
    assert.equal("done", service:await_end(two.id).state)
  end)

  it("tells why a task failed, and what may help", function()
    emulator:fault { fault = "error", action = "CreateDISyncTask", status = 403, code = "Forbidden.Access", message = "not you" }
    local _, body = service:post(params "refused")
    local task = service:await_end(body.id)
    assert.same({ "failed", "service", "Forbidden.Access", "configured" },
      { task.state, task.error.kind, task.error.code, task.step })
    assert.matches("not you", task.error.message)
    assert.is_nil(task.FileId)
  end)

  it("refuses wrong parameters with their path, and sends nothing", function()
    local wrong = params "wrong"
    wrong.TaskParam.steps[1].stepType = nil
    local status, body = service:post(wrong)
    assert.equal(400, status)
    assert.same({ "invalid", "TaskParam.steps[1].stepType" }, { body.error.kind, body.error.path })
    wrong = params "wrong"
    wrong.TaskNmae = "x"
    status, body = service:post(wrong)
    assert.same({ 400, "TaskNmae" }, { status, body.error.path })
    assert.same({}, emulator:journal())
  end)

  it("sends a script on as it came", function()
    local script = [[{ "type":"realtime", "version":"1.0", "empty":[], "id":123456789012345678, "odd":"} \\\" , [ \u00fc",
      "setting":{"resourceGroup":"S_res_group_1_2","taskType":"oneclick_to_odps"}, "steps":[]}]]
    local steps = require("cjson").encode(params("").TaskParam.steps)
    script = script:gsub('"steps":%[%]', function() return '"steps":' .. steps end)
    local _, body = service:post('{ "TaskName" : "as_it_came", "TaskType":"DI_REALTIME", "Task\\u0050aram" : ' .. script
      .. ' , "ProjectId":"9007199254740993" }')
    assert.equal("done", service:await_end(body.id).state)
    assert.equal(script, emulator:journal("GenerateDISyncTaskConfigForCreating")[1].params.TaskParam)
  end)

  it("refuses what is no JSON object, no JSON, or too large", function()
    for _, text in ipairs { "", "{", "[1]", "3", "null", '"a"',
      (require("cjson").encode(params "hex"):gsub('"type":', '"hex":0x10,"type":')) } do
      local status, body = service:post(text)
      assert.same({ 400, "invalid" }, { status, body.error.kind }, text)
    end
    local status, body = service:post("{}", { ["Content-Type"] = "text/plain" })
    assert.same({ 415, "invalid" }, { status, body.error.kind })
    status, body = service:post((" "):rep(1024 * 1024 + 1))
    assert.same({ 413, "invalid" }, { status, body.error.kind })
  end)

  it("says in JSON what is not there, and which methods there are", function()
    for _, path in ipairs { "/nothing", "/sync-tasks/", "/sync-tasks/0", "/sync-tasks/" .. ("0"):rep(32), "/sync-tasksx" } do
      local status, body = service:send("GET", path)
      assert.same({ 404, "invalid" }, { status, body.error.kind }, path)
    end
    local status, body, headers = service:send("PUT", "/sync-tasks")
    assert.same({ 405, "invalid", "GET, HEAD, POST" }, { status, body.error.kind, headers.allow })
    status, body, headers = service:send("PUT", "/sync-tasks/" .. ("0"):rep(32))
    assert.same({ 405, "invalid", "GET, HEAD" }, { status, body.error.kind, headers.allow })
  end)

  it("gives the same task for the same Idempotency-Key, and refuses another task under it", function()
    local key = { ["Idempotency-Key"] = "orders-2026" }
    local text = require("cjson").encode(params "once")
    local first, one = service:post(text, key)
    local second, two = service:post(text, key)
    assert.same({ 202, 202, one.id }, { first, second, two.id })
    assert.equal("done", service:await_end(one.id).state)
    local _, three = service:post(text, key)
    assert.equal(one.id, three.id)
    assert.equal(1, created "once")
    local status, body = service:post(params "other", key)
    assert.same({ 422, "Idempotency-Key" }, { status, body.error.path })
    status, body = service:post(text, { ["Idempotency-Key"] = "a b" })
    assert.same({ 400, "Idempotency-Key" }, { status, body.error.path })
  end)

  it("goes on with a task that failed when it is asked for again under its key", function()
    emulator:fault { fault = "error", action = "CreateDISyncTask", status = 403, code = "Forbidden.Access", message = "not yet" }
    local text, key = require("cjson").encode(params "again"), { ["Idempotency-Key"] = "again-2026" }
    local _, body = service:post(text, key)
    assert.equal("failed", service:await_end(body.id).state)
    local status, same = service:post(text, key)
    assert.same({ 202, body.id }, { status, same.id })
    local task = service:await_end(body.id)
    assert.same({ "done" }, { task.state, task.error })
    assert.equal(2, created "again") -- and the first was refused
    assert.equal(1, #emulator:journal "GenerateDISyncTaskConfigForCreating")
  end)

  it("never generates again what the service could not generate", function()
    emulator:fault { fault = "fail", action = "QueryDISyncTaskConfigProcessResult" }
    local text, key = require("cjson").encode(params "hopeless"), { ["Idempotency-Key"] = "hopeless-2026" }
    local _, body = service:post(text, key)
    assert.equal("task", service:await_end(body.id).error.kind)
    service:post(text, key)
    assert.equal("failed", service:await_end(body.id).state)
    assert.equal(1, #emulator:journal "QueryDISyncTaskConfigProcessResult")
  end)

  it("goes on after a reload, and creates the task once", function()
    emulator:settings { pending_calls = 3 }
    local _, body = service:post(params "reloaded")
    service:await(body.id, function(task) return task.step == "polling" end)
    service:signal "HUP"
    local task = service:await_end(body.id)
    assert.equal("done", task.state, task.error and task.error.message)
    assert.equal(1, created "reloaded")
    assert.equal(1, #emulator:journal "GenerateDISyncTaskConfigForCreating")
  end)

  -- Both calls outlast the lease, and the second one the client's timeout.
  it("leaves a task as another worker ended it, whatever comes of the call of the one before", function()
    local seconds, ended = { QueryDISyncTaskConfigProcessResult = 12, CreateDISyncTask = 31 }, {}
    for action, late in pairs(seconds) do
      emulator:fault { fault = "slow_head", action = action, seconds = late }
      local _, body = service:post(params(action))
      service:await_call(emulator, action)
      ended[action] = body.id
    end
    local before = service:workers()
    service:signal "HUP"
    for action, id in pairs(ended) do
      ended[action] = service:await_end(id)
      assert.equal("done", ended[action].state)
    end
    service:await_gone(before, 40)
    for action, task in pairs(ended) do
      local _, after = service:send("GET", "/sync-tasks/" .. task.id)
      assert.same({ "done", task.FileId, task.ended }, { after.state, after.FileId, after.ended }, action)
    end
  end)

  it("goes on with what a worker that died had", function()
    emulator:settings { pending_calls = 3 }
    local _, body = service:post(params "orphan")
    service:await(body.id, function(task) return task.step == "polling" end)
    for _, pid in ipairs(service:workers()) do service:signal("KILL", pid) end
    local task = service:await_end(body.id)
    assert.equal("done", task.state, task.error and task.error.message)
    assert.equal(1, created "orphan")
    assert.equal(1, #emulator:journal "GenerateDISyncTaskConfigForCreating")
  end)

  it("serves its page under a policy that lets nothing in from elsewhere", function()
    local status, text, headers = service:send("GET", "/")
    assert.equal(200, status)
    assert.equal(files.read "examples/openresty/page/index.html", text)
    assert.matches("^default%-src 'none'; script%-src 'self';", headers["content-security-policy"])
    assert.equal(421, (service:send("GET", "/", { Host = "elsewhere.example" })))
    assert.equal(421, (service:send("GET", "/sync-tasks", { Host = "elsewhere.example" })))
  end)

  it("never failed on its own account", function()
    assert.is_nil(service:log():find("lua entry thread aborted", 1, true))
    assert.is_nil(service:log():find("stack traceback", 1, true))
  end)
end)
