-- The service of examples/openresty on a real nginx, which has its own LuaJIT: one run is enough.
if not rawget(_G, "jit") then return end

local dataworks = require "dataworks"
local emulators = require "spec.support.emulator"
local files = require "spec.support.files"
local hosts = require "spec.support.host"
local services = require "spec.support.service"
local shell = require "spec.support.shell"
local web_support = require "spec.support.web"

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

  it("accepts a task at once, and creates it", function()
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

  it("accepts the example of its README", function()
    local _, body = service:post(files.read "examples/openresty/task.json")
    assert.equal("done", service:await_end(body.id).state)
  end)

  it("reports progress for a task and in the list, newest first", function()
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

  it("reports why a task failed", function()
    emulator:fault { fault = "error", action = "CreateDISyncTask", status = 403, code = "Forbidden.Access", message = "not you" }
    local _, body = service:post(params "refused")
    local task = service:await_end(body.id)
    assert.same({ "failed", "service", "Forbidden.Access", "configured" },
      { task.state, task.error.kind, task.error.code, task.step })
    assert.matches("not you", task.error.message)
    assert.is_nil(task.FileId)
  end)

  it("refuses wrong parameters with their path, without sending anything", function()
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

  it("forwards a script byte for byte", function()
    local script = [[{ "type":"realtime", "version":"1.0",
      "setting":{"resourceGroup":"S_res_group_1_2","taskType":"oneclick_to_odps"}, "steps":[]}]]
    local odd = [["empty":[], "id":123456789012345678, "odd":"} \\\" , [ \u00fc", "datasource"]]
    local steps = require("cjson").encode(params("").TaskParam.steps):gsub('{"datasource":"odps_source"', function()
      return "{" .. odd .. ':"odps_source"'
    end)
    script = script:gsub('"steps":%[%]', function() return '"steps":' .. steps end)
    local _, body = service:post('{ "TaskName" : "as_it_came", "TaskType":"DI_REALTIME", "Task\\u0050aram" : ' .. script
      .. ' , "ProjectId":"9007199254740993" }')
    assert.equal("done", service:await_end(body.id).state)
    assert.equal(script, emulator:journal("GenerateDISyncTaskConfigForCreating")[1].params.TaskParam)
  end)

  it("refuses a body that is malformed, not an object or too large", function()
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

  it("answers unknown paths and methods in JSON", function()
    for _, path in ipairs { "/nothing", "/sync-tasks/", "/sync-tasks/0", "/sync-tasks/" .. ("0"):rep(32), "/sync-tasksx" } do
      local status, body = service:send("GET", path)
      assert.same({ 404, "invalid" }, { status, body.error.kind }, path)
    end
    local status, body, headers = service:send("PUT", "/sync-tasks")
    assert.same({ 405, "invalid", "GET, HEAD, POST" }, { status, body.error.kind, headers.allow })
    status, body = service:send("POST", "/", {}, "{}")
    assert.same({ 405, "invalid" }, { status, body.error.kind })
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

  it("resumes a failed task when it is sent again under its key", function()
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

  it("does not generate again after the service failed to", function()
    emulator:fault { fault = "fail", action = "QueryDISyncTaskConfigProcessResult" }
    local text, key = require("cjson").encode(params "hopeless"), { ["Idempotency-Key"] = "hopeless-2026" }
    local _, body = service:post(text, key)
    assert.equal("task", service:await_end(body.id).error.kind)
    service:post(text, key)
    assert.equal("failed", service:await_end(body.id).state)
    assert.equal(1, #emulator:journal "QueryDISyncTaskConfigProcessResult")
  end)

  it("resumes after a reload, and creates the task once", function()
    emulator:settings { pending_calls = 3 }
    local _, body = service:post(params "reloaded")
    service:await(body.id, function(task) return task.step == "polling" end)
    service:signal "HUP"
    local task = service:await_end(body.id)
    assert.equal("done", task.state, task.error and task.error.message)
    assert.equal(1, created "reloaded")
    assert.equal(1, #emulator:journal "GenerateDISyncTaskConfigForCreating")
  end)

  -- Both calls outlast the lease; the second also outlasts the client's timeout.
  it("keeps the result of the worker that holds the lease", function()
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
    service:await_workers_end(before, 40)
    for action, task in pairs(ended) do
      local _, after = service:send("GET", "/sync-tasks/" .. task.id)
      assert.same({ "done", task.FileId, task.ended }, { after.state, after.FileId, after.ended }, action)
    end
  end)

  it("resumes the tasks of a worker that died", function()
    emulator:settings { pending_calls = 3 }
    local _, body = service:post(params "orphan")
    service:await(body.id, function(task) return task.step == "polling" end)
    for _, pid in ipairs(service:workers()) do service:signal("KILL", pid) end
    local task = service:await_end(body.id)
    assert.equal("done", task.state, task.error and task.error.message)
    assert.equal(1, created "orphan")
    assert.equal(1, #emulator:journal "GenerateDISyncTaskConfigForCreating")
  end)

  it("resumes a task whose worker died while it accepted it", function()
    local web = web_support.start()
    local host = hosts.start { ca_file = web.ca_file }
    local ok, result = pcall(host.run, host, ([[
      local tasks = require "examples.openresty.tasks"
      package.loaded.tasks, package.loaded.carriers = tasks, require "examples.openresty.carriers"
      local runner = require "examples.openresty.runner"
      local client = require("dataworks").new { endpoint = %q, access_key_id = %q, access_key_secret = %q }
      function runner.client() return client end
      local state
      client:create_sync_task({ ProjectId = 10000, TaskType = "DI_OFFLINE", TaskName = "half", TaskContent = %q },
        { on_step = function(begun) state = begun error("only begun", 0) end })
      local id, died = ngx.md5 "half", {}
      function ngx.shared.sync_tasks.safe_add() error(died) end
      assert(select(2, pcall(tasks.add, { id = id, step = "begun", progress = 0 }, state)) == died)
      ngx.shared.sync_tasks.safe_add = nil
      assert(tasks.get(id) and #tasks.list() == 0)
      for _, unfinished in ipairs(tasks.unfinished()) do runner.run(unfinished) end
      for _ = 1, 500 do
        if tasks.get(id).ended then break end
        ngx.sleep(0.01)
      end
      local task = tasks.list()[1]
      return task.error and task.error.message or task.step .. " " .. #tasks.unfinished()
    ]]):format(emulator.endpoint, emulator.access_key_id, emulator.access_key_secret, files.read "spec/scripts/task_content_offline.json"))
    host:stop()
    web:stop()
    assert.is_true(ok, result)
    assert.equal("created 0", result)
    assert.equal(1, created "half")
  end)

  it("finds the Idempotency-Key behind a hundred other headers", function()
    local file = os.tmpname()
    files.write(file, require("cjson").encode(params "far_behind"))
    local function post()
      return shell.output(("env -u LD_PRELOAD curl -sS --max-time 30 --noproxy '*' %s %s -H 'Content-Type: application/json' "
        .. "-H 'Idempotency-Key: far-behind' -d @%s"):format(service:url "/sync-tasks", ("-H 'A: b' "):rep(120), file))
    end
    local one, two = post(), post()
    os.remove(file)
    assert.matches('"id":"%x+"', one)
    assert.equal(one:match '"id":"(%x+)"', two:match '"id":"(%x+)"')
  end)

  it("serves its page under a policy that admits only its own origin", function()
    local status, text, headers = service:send("GET", "/")
    assert.equal(200, status)
    assert.equal(files.read "examples/openresty/page/index.html", text)
    assert.matches("^default%-src 'none'; script%-src 'self';", headers["content-security-policy"])
    assert.equal(421, (service:send("GET", "/", { Host = "elsewhere.example" })))
    assert.equal(421, (service:send("GET", "/sync-tasks", { Host = "elsewhere.example" })))
  end)

  it("logged no failure of its own", function()
    assert.is_nil(service:log():find("lua entry thread aborted", 1, true))
    assert.is_nil(service:log():find("stack traceback", 1, true))
  end)
end)
