local command = require "spec.support.command"
local core = require "dataworks.core"
local files = require "spec.support.files"
local shell = require "spec.support.shell"
local support = require "spec.support.emulator"

describe("the commands for fleets", function()
  local emulator, folder
  setup(function() emulator = support.start() end)
  teardown(function() emulator:stop() end)
  before_each(function()
    emulator:reset()
    emulator:settings { pending_calls = 0, wait_calls = 0 }
    folder = shell.output "mktemp -d"
    files.write(folder .. "/tasks.json", [[{ "project": 10000, "fleet": "orders",
      "defaults": { "resource_group": "S_res_group_1_1", "to": { "odps": "odps_first" }, "from": { "mysql": "mysql_pub" } },
      "tasks": [ { "name": "a", "from": { "tables": { "shop": ["orders"] } } }, { "name": "b", "from": { "tables": { "shop": ["users"] } } } ] }]])
  end)
  after_each(function() shell.output("rm -r " .. folder) end)

  local function run(arguments)
    return command.run(arguments:gsub("MANIFEST", folder .. "/tasks.json"), { env = command.variables(emulator) })
  end

  it("plan and apply a manifest, and do nothing the second time", function()
    local plan = run "plan MANIFEST --exit-code"
    assert.equal(6, plan.status, plan.err)
    assert.equal("Name  Actions  Tables  Error\na     create\nb     create\n", plan.out)
    assert.truthy(plan.err:find("about 6 calls (the daily quota of an account: Basic 100,", 1, true), plan.err)
    local applied = run "apply MANIFEST"
    assert.same({ 0, 2 }, { applied.status, #emulator:journal "CreateDISyncTask" }, applied.err)
    assert.same({ "2", "0", "0" }, { applied.out:match '"Done":%s*(%d+).*"Failed":%s*(%d+).*"Left":%s*(%d+)' })
    plan = run "plan MANIFEST --exit-code"
    assert.equal(0, plan.status)
    assert.truthy(plan.err:find("2 unchanged; about 0 calls", 1, true))
    local before = #emulator:journal()
    assert.equal(0, run("apply MANIFEST").status)
    assert.equal(before, #emulator:journal())
  end)

  it("delete what the manifest no longer has, after a question or with --yes", function()
    local both = files.read(folder .. "/tasks.json")
    assert.equal(0, run("apply MANIFEST").status)
    files.write(folder .. "/tasks.json", (both:gsub(', { "name": "b".*}%s*%]', " ]")))
    local plan = run "plan MANIFEST"
    assert.equal("Name  Actions              Tables  Error\nb     not in the manifest\n", plan.out)
    assert.truthy(run("plan MANIFEST --prune").err:find("1 to delete, 1 unchanged; about 7 calls", 1, true))
    local refused = run "apply MANIFEST --prune --yes"
    assert.equal(2, refused.status)
    assert.truthy(refused.err:find("1 of 2 tasks would be deleted: b", 1, true), refused.err)
    assert.truthy(refused.err:find("give --prune-limit 1.", 1, true), refused.err)
    assert.truthy(run("apply MANIFEST --prune --prune-limit 1").err:find("the option --yes", 1, true))
    local function answer(text)
      return command.run(("apply %s/tasks.json --prune --prune-limit 1"):format(folder), {
        env = command.variables(emulator), terminal = true, input = text,
      })
    end
    assert.truthy(answer("n\n").out:find("Stop and delete 1 task of the workspace 10000 (b)? [y/N]", 1, true))
    assert.same({ 0, 0 }, { #emulator:journal "DeleteDISyncTask", run("apply MANIFEST").status })
    assert.equal(0, answer("y\n").status)
    assert.equal(1, #emulator:journal "DeleteDISyncTask")
    files.write(folder .. "/tasks.json", both)
    assert.equal(0, run("apply MANIFEST").status)
    files.write(folder .. "/tasks.json", (both:gsub(', { "name": "b".*}%s*%]', " ]")))
    local pruned = run "apply MANIFEST --prune --prune-limit 1 --yes"
    assert.same({ 0, 2 }, { pruned.status, #emulator:journal "DeleteDISyncTask" }, pruned.err)
  end)

  it("plan shows which tables come and go", function()
    assert.equal(0, run("apply MANIFEST").status)
    files.write(folder .. "/tasks.json", (files.read(folder .. "/tasks.json"):gsub('"orders"%]', '"items", "users"]')))
    assert.equal("Name  Actions  Tables                                Error\na     update   +shop.items +shop.users -shop.orders\n",
      run("plan MANIFEST").out)
    local change = core.decode(run("plan MANIFEST -o jsonl").out)
    assert.same({ { "shop.items", "shop.users" }, { "shop.orders" } }, { change.TablesAdded, change.TablesRemoved })
  end)

  it("apply shows a bar with the rate on a terminal, and each cause of failures once", function()
    emulator:fault { action = "CreateDISyncTask", times = 2, fault = "error", status = 400, code = "Invalid.Tenant.UserNotInProject", message = "no" }
    local shown = command.run(("apply %s/tasks.json"):format(folder), { env = command.variables(emulator), terminal = true }).out
    assert.truthy(shown:find("applying [####################] 2/2 ", 1, true), shown)
    assert.truthy(shown:find "%d/s, 2 failed")
    assert.truthy(shown:find "2 failed\27%[K\r\n{\r\n", shown)
    local _, lines = shown:gsub("[ab] failed: CreateDISyncTask: no", "")
    assert.equal(1, lines)
    local plain = run "apply MANIFEST"
    assert.same({ 0, "applying\n" }, { plain.status, plain.err })
  end)

  it("ask the service once for data sources and resource groups with --live, before anything is made", function()
    local text = files.read(folder .. "/tasks.json"):gsub("mysql_pub", "mysql_pub9")
    files.write(folder .. "/tasks.json", text)
    for _, name in ipairs { "plan", "apply" } do
      local result = run(name .. " MANIFEST --live")
      assert.equal(1, result.status, result.err)
      for _, expected in ipairs {
        "tasks.json:3:33: a: tasks[1].from: there is no data source mysql_pub9; did you mean mysql_pub",
        "b: tasks[2].resource_group: there is no resource group S_res_group_1_1",
      } do
        assert.truthy(result.err:find(expected, 1, true), result.err)
      end
    end
    assert.same({ 2, 2, 4 }, { #emulator:journal "ListDataSources", #emulator:journal "ListResourceGroups", #emulator:journal() })
    files.write(folder .. "/tasks.json", (text:gsub("mysql_pub9", "mysql_pub"):gsub("S_res_group_1_1", "data_integration")))
    local plan = run "plan MANIFEST --live"
    assert.same({ 0, 6 }, { plan.status, #emulator:journal() }, plan.err)
    emulator:fault { action = "ListDataSources", times = 99, fault = "error", status = 403, code = "Forbidden.Access", message = "no" }
    assert.equal(4, run("apply MANIFEST --live").status)
    assert.equal(0, #emulator:journal "CreateDISyncTask")
  end)

  it("refuse a region that contradicts the manifest, also if an endpoint is set", function()
    files.write(folder .. "/tasks.json", (files.read(folder .. "/tasks.json"):gsub('"project"', '"region": "cn-shanghai", "project"')))
    local message = "--region cn-beijing: the manifest is for cn-shanghai\nLeave out --region, or name another manifest.\n"
    for _, name in ipairs { "plan", "apply" } do
      local refused = run(name .. " MANIFEST --region cn-beijing")
      assert.same({ ("dataworks %s: %s"):format(name, message), 2 }, { refused.err, refused.status })
    end
    assert.equal(0, #emulator:journal())
    assert.equal(0, run("apply MANIFEST --region cn-shanghai").status)
    local calls = #emulator:journal()
    for _, name in ipairs { "show --refresh", "runners" } do
      local refused = run(("ledger %s MANIFEST --region cn-beijing"):format(name))
      assert.same({ ("dataworks ledger %s: %s"):format(name:match "%a+", message), 2 }, { refused.err, refused.status })
    end
    assert.equal(calls, #emulator:journal())
  end)

  it("name a manifest that does not exist once", function()
    assert(os.remove(folder .. "/tasks.json"))
    local plan = run "plan MANIFEST"
    assert.equal(2, plan.status)
    assert.equal(("dataworks plan: %s/tasks.json: No such file or directory\n"):format(folder), plan.err)
    local lua = run(("plan %s/none.lua"):format(folder))
    assert.same({ ("dataworks plan: %s/none.lua: No such file or directory\n"):format(folder), 2 }, { lua.err, lua.status })
  end)

  it("name a manifest in Lua whose metatables raise", function()
    for code, message in pairs {
      ["setmetatable({}, { __index = function() error 'no field' end })"] = ":1: no field",
      ["setmetatable({}, { __index = function() error {} end })"] = "a metatable raised a table",
      ["{ [setmetatable({}, { __tostring = function() error 'no text' end })] = 1 }"] = ":1: no text",
    } do
      files.write(folder .. "/tasks.lua", ("return { project = 1, fleet = 'f', tasks = { %s } }"):format(code))
      for _, name in ipairs { "plan", "apply", "ledger show" } do
        local result = run(("%s %s/tasks.lua"):format(name, folder))
        assert.equal(2, result.status, result.err)
        assert.matches(("dataworks %s: %s/tasks.lua: a table of the manifest cannot be read: "):format(name, folder), result.err, 1, true)
        assert.matches(message .. "\n$", result.err)
      end
    end
  end)

  it("end with the status 130 when Ctrl-C stops a manifest in Lua", function()
    for _, code in ipairs {
      "loop()", "return loop", "return { project = 1, fleet = 'f', tasks = { setmetatable({}, { __index = loop }) } }",
    } do
      -- LuaJIT does not see a signal in a loop that it has compiled.
      files.write(folder .. "/tasks.lua", ([[if jit then jit.off() end
        local function loop() io.popen("kill -INT $PPID"):close() while true do end end
        %s]]):format(code))
      local result = run(("plan %s/tasks.lua"):format(folder))
      assert.same({ "dataworks plan: interrupted\n", 130 }, { result.err, result.status })
    end
  end)

  it("refuse a key that a manifest has twice, also in a script that is text", function()
    local text = files.read(folder .. "/tasks.json")
    files.write(folder .. "/tasks.json", (text:gsub('"name": "b"', '"name": "b", "name": "c"')))
    local plan = run "plan MANIFEST"
    assert.same({ 1, ("dataworks plan: %s/tasks.json:3:96: has the key \"name\" twice\n"):format(folder) }, { plan.status, plan.err })
    files.write(folder .. "/tasks.json", (text:gsub('"from": { "tables": { "shop": %["users"%] } }', [["TaskParam": "{\"type\":1,\"type\":2}"]])))
    plan = run "plan MANIFEST"
    assert.equal(1, plan.status, plan.err)
    assert.matches('tasks[2].TaskParam: the text has the key "type" twice', plan.err, 1, true)
  end)

  it("show all faults of a manifest with their places", function()
    files.write(folder .. "/tasks.json", '{ "project": 1, "fleet": "f", "tasks": [\n  { "name": "a" }, { "name": "b", "x": 1 } ] }')
    local plan = run "plan MANIFEST"
    assert.equal(1, plan.status)
    assert.truthy(plan.err:find("tasks.json:2:3: a: tasks[1]: has no script", 1, true), plan.err)
    assert.truthy(plan.err:find("tasks[2].x: is not a field", 1, true), plan.err)
    local tasks = {}
    for i = 1, 102 do tasks[i] = '{ "name": "a\\u001b[31m", "x": 1 }' end
    files.write(folder .. "/tasks.json", '{ "project": 1, "fleet": "f", "tasks": [' .. table.concat(tasks, ",\n") .. "] }")
    local err = run("plan MANIFEST").err
    assert.truthy(err:find("a\\x1b[31m: tasks[1].x: is not", 1, true), err)
    assert.truthy(err:find("\nthese are the first 100 faults\n$"), err)
    assert.falsy(err:find("\27", 1, true))
  end)

  it("apply: Ctrl-C ends the run, leaves its tasks queued, and the next run creates each once", function()
    local tasks = {}
    for i = 1, 40 do tasks[i] = { name = "task" .. i, from = { tables = { shop = { "t" .. i } } } } end
    local manifest = core.decode(files.read(folder .. "/tasks.json"))
    manifest.tasks = tasks
    files.write(folder .. "/tasks.json", (core.encode(manifest, true)))
    local words = { "env -u LD_PRELOAD" }
    for name, value in pairs(command.variables(emulator)) do words[#words + 1] = name .. "=" .. shell.quote(value) end
    local output, status = shell.run(("%s timeout 60 %s spec/support/killed_command.lua INT 10 step apply %s/tasks.json"):format(
      table.concat(words, " "), shell.interpreter, folder))
    assert.equal(130, status, output)
    assert.truthy(output:find("go on with: dataworks apply", 1, true), output)
    local states = {}
    for line in run("ledger show MANIFEST -o jsonl").out:gmatch "[^\n]+" do
      local entry = core.decode(line)
      states[entry.State] = (states[entry.State] or 0) + 1
      assert.is_nil(entry.Error)
    end
    assert.is_nil(states.failed)
    assert.is_nil(states["in progress"])
    assert.is_true(states.queued > 20)
    assert.equal(0, run("apply MANIFEST").status)
    assert.equal(40, select(2, run("list --project 10000 -o jsonl").out:gsub("\n", "")))
  end)

  it("stop at refused keys with the status 4, and mark no task as failed", function()
    local env = command.variables(emulator)
    env.ALIBABA_CLOUD_ACCESS_KEY_SECRET = "wrong"
    local applied = command.run(("apply %s/tasks.json"):format(folder), { env = env })
    assert.equal(4, applied.status)
    assert.matches("The AccessKey secret is wrong", applied.err, 1, true)
    assert.matches('"Failed": 0', applied.out, 1, true)
    assert.equal(0, run("apply MANIFEST").status)
  end)

  it("group failures by cause, stop at a used-up quota with the status 3, and apply nothing with --read-only", function()
    emulator:fault { action = "CreateDISyncTask", times = 2, fault = "error", status = 400, code = "Invalid.Tenant.UserNotInProject", message = "no" }
    local applied = run "apply MANIFEST"
    assert.equal(1, applied.status)
    assert.truthy(applied.err:find("2 failed (a, b): CreateDISyncTask: no", 1, true), applied.err)
    emulator:fault { action = "CreateDISyncTask", times = 1, fault = "error", status = 400, code = "Throttling.Api.Risk", message = "quota" }
    assert.equal(3, run("apply MANIFEST --concurrency 1").status)
    assert.equal(2, run("apply MANIFEST --read-only").status)
    assert.equal(0, run("apply MANIFEST").status)
    assert.equal(5, run("plan MANIFEST --ledger /nonexistent/x.db").status)
  end)
end)
