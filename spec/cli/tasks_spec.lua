local cjson = require "cjson"
local command = require "spec.support.command"
local files = require "spec.support.files"
local shell = require "spec.support.shell"
local support = require "spec.support.emulator"

local BUILDER = "--from mysql:mysql_pub --tables shop.orders,shop.users --to odps:odps_first --resource-group S_res_group_1"

describe("the commands for tasks", function()
  local emulator, state_folder

  setup(function() emulator = support.start() end)
  teardown(function() emulator:stop() end)
  before_each(function()
    emulator:reset()
    emulator:settings { pending_calls = 0, wait_calls = 0, kill_calls = 0 }
    state_folder = shell.output "mktemp -d"
  end)
  after_each(function() shell.output("rm -r " .. state_folder) end)

  local function variables()
    local env = command.variables(emulator)
    env.XDG_STATE_HOME = state_folder
    return env
  end

  local function run(arguments, options)
    options = options or {}
    options.env = variables()
    return command.run(arguments, options)
  end

  local function succeed(arguments, options)
    local result = run(arguments, options)
    assert.equal(0, result.status, result.err)
    return result.out
  end

  local function tasks()
    local names = {}
    for line in succeed "list --project 10000 -o jsonl":gmatch "[^\n]+" do names[#names + 1] = cjson.decode(line).Name end
    return names
  end

  it("print a TaskParam that check accepts and create takes", function()
    files.write(state_folder .. "/tables", "orders\nusers\n\n")
    local out = succeed(("task --from mysql:mysql_pub --tables @%s/tables --to odps:odps_first --resource-group S"):format(state_folder))
    assert.same({ "orders", "users" }, cjson.decode(out).steps[1].parameter.connection[1].table)
    assert.equal("", succeed("check -", { input = out }))
    assert.equal("first", cjson.decode(succeed("create first - --project 10000", { input = out })).Name)
    assert.same({ "first" }, tasks())
  end)

  it("create, start, change, stop and delete a real-time task by its name", function()
    local created = cjson.decode(succeed("create orders --project 10000 --start " .. BUILDER))
    assert.same({ "orders", "DI_REALTIME", "RUN" }, { created.Name, created.TaskType, created.State })
    assert.equal("RUN", cjson.decode(succeed "wait orders --project 10000 --for run").State)
    assert.equal("RUN", cjson.decode(succeed "update orders --project 10000 --tables shop.items --start").State)
    assert.equal(1, #emulator:journal "UpdateDISyncTask")
    local shown = succeed "show orders --project 10000"
    assert.equal("", succeed("check -", { input = shown }))
    assert.equal("copy", cjson.decode(succeed("create copy - --project 10000", { input = shown })).Name)
    assert.equal(shown, succeed "show copy --project 10000")
    assert.is_true(cjson.decode(succeed "delete copy --project 10000 --yes").Deleted)
    assert.equal(2, #emulator:journal "DeployDISyncTask")
    assert.equal("PAUSE", cjson.decode(succeed "stop orders --project 10000").State)
    assert.equal("NORUN", cjson.decode(succeed "terminate orders --project 10000").State)
    assert.is_true(cjson.decode(succeed "delete orders --project 10000 --yes").Deleted)
    assert.same({}, tasks())
    assert.equal("", shell.output("ls " .. state_folder .. "/dataworks"))
  end)

  it("create and publish an offline task, and show its script", function()
    local script = "spec/scripts/task_content_offline.json"
    local created = cjson.decode(succeed("create nightly " .. script .. ' --project 10000 --schedule "0 2 * * *"'))
    assert.same({ "DI_OFFLINE", "published", "00 00 02 * * ?" }, { created.TaskType, created.State, created.CronExpress })
    local shown = succeed "show nightly --project 10000"
    assert.same(cjson.decode(files.read(script)), cjson.decode(shown))
    local status = cjson.decode(succeed "status nightly --project 10000")
    assert.same({ 1, true, "00 00 02 * * ?" }, { status.Version, status.Submitted, status.CronExpress })
    local published = cjson.decode(succeed 'publish nightly --project 10000 --schedule "*/30 * * * *"')
    assert.equal(2, published.FileVersion)
    assert.is_true(cjson.decode(succeed "delete nightly --project 10000 --yes").Deleted)
  end)

  it("create a task once when the same command runs again, and again after it was deleted", function()
    local line = "create orders --project 10000 " .. BUILDER
    local first = cjson.decode(succeed(line)).FileId
    assert.equal(first, cjson.decode(succeed(line)).FileId)
    assert.equal(1, #emulator:journal "CreateDISyncTask")
    command.run("call DeleteDISyncTask ProjectId=10000 TaskType=DI_REALTIME FileId=" .. ("%d"):format(first), { env = variables() })
    assert.are_not.equal(first, cjson.decode(succeed(line)).FileId)
  end)

  it("keep the state of a task with a long name in a file of its own, and that of a shorter name under its name", function()
    local function state_files() return shell.output(("ls %s/dataworks"):format(state_folder)) end
    local short, long = ("n"):rep(189), ("名"):rep(80)
    for _, name in ipairs { short, short .. "n", long .. "a", long .. "b" } do
      local line = ("create %s --project 10000 %s"):format(name, BUILDER)
      assert.equal(succeed(line), succeed(line))
    end
    assert.equal(4, #tasks())
    local names, count = state_files(), 0
    for name in names:gmatch "[^\n]+" do
      count = count + 1
      assert.is_true(#name <= 200)
    end
    assert.equal(4, count)
    assert.truthy(("\n" .. names .. "\n"):find("\n10000-" .. short .. ".json\n", 1, true), names)
    succeed(("delete %sa --project 10000 --yes"):format(long))
    assert.equal(2, select(2, state_files():gsub("\n", "")))
  end)

  it("refuse a state that is of another task", function()
    succeed("create one --project 10000 --state " .. state_folder .. "/state " .. BUILDER)
    local result = run("create two --project 10000 --state " .. state_folder .. "/state " .. BUILDER)
    assert.equal(2, result.status)
    assert.matches("state is the state of another task: its TaskName is one", result.err, 1, true)
    assert.equal("-rw-------", shell.output("ls -l " .. state_folder .. "/state"):sub(1, 10))
  end)

  it("refuse other values for a task that was created, and states that they did not write", function()
    succeed("create orders --project 10000 " .. BUILDER)
    local result = run "create orders --project 10000 --from mysql:a --tables other --to odps:b --resource-group g"
    assert.equal(2, result.status)
    assert.matches("orders.json: the state of an earlier run is of another TaskParam\nTo change the task, use dataworks update.",
      result.err, 1, true)
    for text, message in pairs {
      ['{"a'] = "is not a state of this command: the text is not JSON", ["[]"] = "is not a state of this command: not an object",
      ['{"flow":{"x":1}}'] = "the state of an earlier run is not a state of a flow",
    } do
      files.write(state_folder .. "/state", text)
      result = run("create new --project 10000 --state " .. state_folder .. "/state " .. BUILDER)
      assert.equal(2, result.status)
      assert.matches(message, result.err, 1, true)
    end
    assert.same({ "orders" }, tasks())
  end)

  it("create nothing when the state cannot be read", function()
    shell.output(("ln -s loop %s/loop"):format(state_folder))
    for _, name in ipairs { "loop", "." } do
      local result = run(("create orders --project 10000 --state %s/%s %s"):format(state_folder, name, BUILDER))
      assert.equal(2, result.status)
      assert.matches("the state cannot be read: ", result.err, 1, true)
    end
    assert.same({}, tasks())
  end)

  it("create goes on with a task of the same name and script that another machine created, and with no other", function()
    local function create(state, more) return run(("create orders --project 10000 --state %s/%s %s %s"):format(state_folder, state, BUILDER, more or "")) end
    local first = create "here"
    local second = create("there", "--start")
    assert.same({ 0, 0 }, { first.status, second.status }, second.err)
    assert.matches("going on with this task", second.err, 1, true)
    assert.same({ cjson.decode(first.out).FileId, "RUN" }, { cjson.decode(second.out).FileId, cjson.decode(second.out).State })
    assert.same({ 0, 1 }, { create("there", "--start").status, #tasks() })
    local other = create("elsewhere", "--tables other")
    assert.equal(1, other.status)
    assert.matches("the name orders is taken: its script differs at steps[1].", other.err, 1, true)
    assert.matches("Choose another NAME, or change the other task with dataworks update.", other.err, 1, true)
    assert.equal(1, #tasks())
    assert.matches("NAME is empty", run("create '' --project 10000 " .. BUILDER).err, 1, true)
  end)

  it("skip a byte order mark before a script and before names of tables", function()
    local names, script = state_folder .. "/names", state_folder .. "/script.json"
    files.write(names, "\239\187\191shop.orders\r\nshop.users\r\n")
    local plain = succeed("task " .. BUILDER)
    assert.equal(plain, succeed("task --from mysql:mysql_pub --tables @" .. names
      .. " --to odps:odps_first --resource-group S_res_group_1"))
    files.write(script, "\239\187\191" .. plain)
    succeed("check " .. script)
    succeed(("create orders %s --project 10000"):format(script))
  end)

  it("name standard input when it cannot be read", function()
    local line = command.line("check - </dev", { env = variables(), folder = state_folder })
    assert.same({ "dataworks check: standard input: Is a directory\n", 2 }, { shell.run(line .. " 2>&1") })
  end)

  it("create nothing without a folder for the state, and say why there is none", function()
    for home, message in pairs {
      [""] = "HOME is not set, so that there is no folder for the state\nSet HOME or XDG_STATE_HOME, or name a file with",
      ["/dev/null"] = "the folder of the state cannot be created: mkdir: ",
    } do
      local env = variables()
      env.HOME, env.XDG_STATE_HOME = home, ""
      local result = command.run("create orders --project 10000 " .. BUILDER, { env = env })
      assert.equal(2, result.status)
      assert.matches("dataworks create: " .. message, result.err, 1, true)
      assert.same({}, tasks())
      succeed("create orders --project 10000 " .. BUILDER)
      assert.equal(0, command.run("delete orders --yes --project 10000", { env = env }).status)
    end
  end)

  it("create and start nothing with a state whose FileId is that of another task", function()
    local path = state_folder .. "/state"
    local id = cjson.decode(succeed(("create one --project 10000 --state %s %s"):format(path, BUILDER))).FileId
    emulator:reset()
    assert.equal(id, cjson.decode(succeed("create two --project 10000 " .. BUILDER)).FileId)
    local kept = files.read(path)
    local result = run(("create one --project 10000 --start --state %s %s"):format(path, BUILDER))
    assert.same({ 2, ("dataworks create: %s says that the FileId of one is %d, and the service has two there\n"
      .. "If the task was renamed, use its new name. If the state is that of another service or account, name another "
      .. "file with --state FILE.\n"):format(path, id) }, { result.status, result.err })
    assert.same({ kept, 0, { "two" } }, { files.read(path), #emulator:journal "DeployDISyncTask", tasks() })
  end)

  it("take no other file for a state, and leave it as it is", function()
    local path = state_folder .. "/state"
    for text, message in pairs {
      [succeed("task " .. BUILDER)] = "is not a state of this command: it has the member ",
      ['{"flow": 1}'] = 'is not a state of this command: its member flow is not an object',
      ["[]"] = "is not a state of this command: not an object", [""] = "is not a state of this command: the text is empty",
    } do
      files.write(path, text)
      local result = run(("create one --project 10000 --state %s %s"):format(path, BUILDER))
      assert.equal(2, result.status)
      assert.matches(path .. " " .. message, result.err, 1, true)
      assert.equal(text, files.read(path))
      assert.is_nil(io.open(path .. ".lock"))
    end
    local result = run("create one --project 10000 --state /dev/null " .. BUILDER)
    assert.equal(2, result.status)
    assert.matches("the state cannot be read: /dev/null: not a regular file", result.err, 1, true)
    assert.same({}, tasks())
  end)

  it("create nothing when the state cannot be written, or the options do not fit the task", function()
    local result = run("create orders --project 10000 --state /nonexistent/state " .. BUILDER)
    assert.equal(2, result.status)
    assert.matches("the state cannot be written to /nonexistent/state: ", result.err, 1, true)
    local offline = "create x spec/scripts/task_content_offline.json --project 10000 "
    for arguments, message in pairs {
      [offline .. "--start"] = "an offline task is started by its schedule", [offline .. '--schedule "* * * * *"'] = "the shortest interval",
      ["create x --project 10000 --schedule '0 2 * * *' " .. BUILDER] = "--schedule is for offline tasks",
    } do
      result = run(arguments)
      assert.equal(2, result.status)
      assert.matches(message, result.err, 1, true)
    end
    assert.same({}, tasks())
  end)

  it("create nothing from a file together with options that the file makes useless", function()
    local path = state_folder .. "/task.json"
    files.write(path, succeed("task " .. BUILDER))
    for option, value in pairs {
      ["--from"] = "mysql:other", ["--tables"] = "other", ["--to"] = "odps:other", ["--resource-group"] = "other",
    } do
      local result = run(("create x %s --project 10000 %s %s"):format(path, option, value))
      assert.same({ ("dataworks create: %s and %s: the script in FILE has this already\nLeave out either %s or FILE.\n")
        :format(option, path, option), 2 }, { result.err, result.status })
    end
    assert.same({}, tasks())
    succeed "create x spec/scripts/task_content_offline.json --project 10000 --resource-group S_res_group_280749521950784_1623033752022"
  end)

  it("say that standard output or input is closed, and write into no other file", function()
    local line = command.line("create orders --project 10000 " .. BUILDER, { env = variables(), folder = state_folder })
    assert.same({ "dataworks create: standard output: Bad file descriptor\n", 1 },
      { shell.run(line .. " -q 2>&1 >&- <&-") })
    assert.equal(1, #tasks())
    assert.same({ "", 0 }, { shell.run(line .. " 2>&- | grep -c . >/dev/null") })
  end)

  --- Runs the command with a signal at the given request. Returns its exit status.
  local function run_with_signal(signal, number, moment, arguments)
    local words = { "env -u LD_PRELOAD HOME=" .. state_folder }
    for name, value in pairs(variables()) do words[#words + 1] = name .. "=" .. shell.quote(value) end
    return select(2, shell.run(("%s timeout 60 %s spec/support/killed_command.lua %s %d %s %s"):format(table.concat(words, " "),
      shell.interpreter, signal, number, moment, arguments)))
  end

  local LINES = {
    { "create --start", "create orders --project 10000 --start " .. BUILDER, "RUN" },
    { "create --schedule", 'create nightly spec/scripts/task_content_offline.json --project 10000 --schedule "0 2 * * *"', "published" },
  }
  local MOMENTS = { KILL = { "before", "after" }, INT = { "after" } }
  -- The runs take 10 seconds. The other versions of Lua add nothing to them.
  for _, signal in ipairs((shell.lua == "5.4" or shell.lua == "jit") and { "KILL", "INT" } or {}) do
    for _, line in ipairs(LINES) do
      it(("finish one task after SIG%s at each request of %s"):format(signal, line[1]), function()
        local number, ended = 0, false
        repeat
          number = number + 1
          for _, moment in ipairs(MOMENTS[signal]) do
            emulator:reset()
            emulator:settings { pending_calls = 0, wait_calls = 0, kill_calls = 0 }
            shell.output("rm -rf " .. state_folder .. "/dataworks")
            local status = run_with_signal(signal, number, moment, line[2])
            ended = status == 0
            assert.equal(ended and 0 or signal == "KILL" and 137 or 130, status)
            assert.equal(line[3], cjson.decode(succeed(line[2])).State)
            assert.equal(1, #tasks())
            assert.equal(1, #emulator:journal "UpdateFile" + (line[3] == "RUN" and 1 or 0))
          end
        until ended
        assert.is_true(number > 6)
      end)
    end
  end

  it("say how to go on when a flow does not end in time", function()
    succeed("create orders --project 10000 " .. BUILDER)
    succeed("create nightly spec/scripts/task_content_offline.json --project 10000")
    emulator:settings { pending_calls = 1000, wait_calls = 1000 }
    for _, line in ipairs {
      "create other --project 10000 --wait-timeout 0.3 " .. BUILDER,
      "update orders --project 10000 --tables shop.items --wait-timeout 0.3",
      "publish nightly --project 10000 --wait-timeout 0.3",
    } do
      local result = run(line)
      assert.equal(3, result.status, result.err)
      assert.matches("go on with: dataworks " .. line .. "\n", result.err, 1, true)
    end
    emulator:settings { pending_calls = 0 }
    assert.equal(3, run("update orders --project 10000 --tables shop.items --start --wait-timeout 0.3").status)
    local result = run "wait orders --project 10000 --for RUN --wait-timeout 0.3"
    assert.equal(3, result.status, result.err)
    assert.matches("go on with: dataworks wait orders --project 10000 --for RUN --wait-timeout 0.3\n", result.err, 1, true)
  end)

  it("end a wait at once when the task is in another final state", function()
    succeed("create orders --project 10000 --start " .. BUILDER)
    succeed "stop orders --project 10000"
    local result = run "wait orders --project 10000 --for RUN"
    assert.equal(1, result.status)
    assert.matches("the task is in the state PAUSE, which it does not leave by itself", result.err, 1, true)
  end)

  it("ask on a terminal before they delete a task", function()
    succeed("create orders --project 10000 " .. BUILDER)
    assert.equal(2, run "delete orders --project 10000".status)
    local result = run("delete orders --project 10000", { terminal = true, input = "n\n" })
    assert.equal(1, result.status, result.out)
    assert.matches("Delete the task orders %(FileId %d+, DI_REALTIME%) of the workspace 10000%? %[y/N%]", result.out)
    assert.same({ "orders" }, tasks())
    assert.equal(0, run("delete orders --project 10000", { terminal = true, input = "y\n" }).status)
    assert.same({}, tasks())
  end)

  it("end the line of the progress on a terminal before they print the result", function()
    for _, arguments in ipairs {
      "create orders --project 10000 " .. BUILDER, "create orders --project 10000 --start " .. BUILDER,
      "delete orders --project 10000 --yes --stop",
    } do
      local shown = run(arguments, { terminal = true }).out
      assert.matches("s\27%[K\r\n[{[]", shown)
      assert.falsy(shown:find "K[{[]", shown)
      assert.matches("[]}]\r\n$", shown)
      assert.falsy(shown:find("\n\r\n", 1, true), shown)
    end
    succeed("create first --project 10000 " .. BUILDER)
    assert.matches("^{[^\r\n]*}\r\n$", run("call ListFiles ProjectId=10000 --all", { terminal = true }).out)
  end)

  it("print all faults of files, each with its place", function()
    local path = state_folder .. "/bad.json"
    files.write(path, '{"type":"realtime","typo":1,\n "setting":{"taskType":7,"resourceGruop":"x"},\n "steps":[{}]}\n')
    local result = run("check " .. path .. " spec/scripts/mysql_to_odps.json")
    assert.equal(1, result.status)
    assert.equal(([[
P:1:20: typo: is not a documented key of this object; did you mean type?
P:2:2: setting.resourceGroup: is missing
P:2:13: setting.taskType: expected text, got number
P:2:26: setting.resourceGruop: is not a documented key of this object; did you mean resourceGroup?
P:3:11: steps[1].category: expected "reader" or "writer"
P:3:11: steps[1].stepType: is missing
P:3:11: steps[1].parameter: is missing
]]):gsub("P:", path .. ":"), result.out)
    assert.matches("bad.json:1:20: typo: is not a documented key", run("create x " .. path .. " --project 10000").err, 1, true)
  end)

  it("refuse a script that has a key twice, before anything is sent", function()
    local path = os.tmpname()
    files.write(path, (files.read "spec/scripts/mysql_to_odps.json":gsub("{", '{ "type": "realtime",', 1)))
    for words, name in pairs { ["check %s"] = "", ["create twice %s --project 10000"] = "dataworks create: " } do
      local result = run(words:format(path))
      assert.equal(1, result.status, result.err)
      assert.matches(("%s%s:%%d+:%%d+: has the key \"type\" twice\n$"):format(name, path), result.out .. result.err)
    end
    os.remove(path)
    assert.equal(0, #emulator:journal "CreateDISyncTask")
  end)

  it("check the other files if one cannot be read", function()
    local result = run "check no-such.json spec/scripts lua/dataworks.lua"
    assert.same({ 2, "dataworks check: no-such.json: No such file or directory\ndataworks check: spec/scripts is a folder\n" },
      { result.status, result.err })
    assert.matches("^lua/dataworks.lua:1:1: is not JSON", result.out)
  end)

  it("advise a documented plugin for a stepType that is almost one", function()
    local script = files.read "spec/scripts/task_content_offline.json":gsub('"odps"', '"odpz"', 1)
    local result = run("check -", { input = script })
    assert.equal(1, result.status)
    assert.matches('%.stepType: "odpz" is no documented plugin; did you mean odps%?\n$', result.out)
    assert.equal("", succeed("check -", { input = (script:gsub('"odpz"', '"my_own_plugin"')) }))
  end)

  it("create one task from two processes at the same time, and both print it", function()
    emulator:settings { pending_calls = 3 }
    local line = command.line("create twice --project 10000 --start " .. BUILDER, { env = variables(), folder = state_folder })
    local out, status = shell.run(("%s >%s/other & %s && wait $! && cat %s/other"):format(line, state_folder, line, state_folder))
    assert.equal(0, status, out)
    local ids, count = {}, 0
    for id in out:gmatch '"FileId":%s*(%d+)' do ids[id], count = true, count + 1 end
    assert.equal(2, count, out)
    assert.is_nil(next(ids, (next(ids))), out)
    assert.matches("the other process has created the task; going on with this task", out, 1, true)
    assert.same({ "twice" }, tasks())
    assert.equal(1, #emulator:journal "CreateDISyncTask")
    assert.equal("", shell.output(("find %s -name '*.lock'"):format(state_folder)))
  end)

  it("list the tasks of a type, and whose names have a word", function()
    succeed("create orders --project 10000 " .. BUILDER)
    succeed("create users --project 10000 " .. BUILDER)
    succeed "create nightly spec/scripts/task_content_offline.json --project 10000"
    for arguments, expected in pairs {
      [""] = { "nightly", "orders", "users" }, ["--type DI_OFFLINE"] = { "nightly" },
      ["--type DI_REALTIME"] = { "orders", "users" }, ["ord"] = { "orders" }, ["ord --type DI_OFFLINE"] = {},
    } do
      local names = {}
      for line in succeed("list --project 10000 -o jsonl " .. arguments):gmatch "[^\n]+" do names[#names + 1] = cjson.decode(line).Name end
      table.sort(names)
      assert.same(expected, names, arguments)
    end
  end)

  it("list the states of real-time tasks, and stop a task that is to be deleted", function()
    succeed("create orders --project 10000 --start " .. BUILDER)
    succeed("create users --project 10000 " .. BUILDER)
    local states = {}
    for line in succeed "list --project 10000 --with-state -o jsonl":gmatch "[^\n]+" do
      local item = cjson.decode(line)
      states[item.Name] = item.State
    end
    assert.same({ orders = "RUN", users = "NORUN" }, states)
    emulator:fault { action = "GetDISyncInstanceInfo", fault = "error", status = 403, code = "Forbidden.Access", message = "no access" }
    local result = run "list --project 10000 --with-state -o jsonl"
    assert.same({ 4, "" }, { result.status, result.out })
    assert.matches("dataworks list: GetDISyncInstanceInfo: no access", result.err, 1, true)
    succeed "delete orders --project 10000 --yes --stop"
    succeed "delete users --project 10000 --yes --stop"
    assert.same({}, tasks())
  end)

  it("take a TASK of digits for a FileId, and with --name for a name", function()
    succeed("create 2024 --project 10000 " .. BUILDER)
    local result = run "show 2024 --project 10000"
    assert.equal(1, result.status)
    assert.matches("the workspace 10000 has no task 2024\nIf this is a name, add --name.\n", result.err, 1, true)
    succeed "show 2024 --project 10000 --name"
    succeed "delete 2024 --project 10000 --name --yes"
    assert.same({}, tasks())
  end)

  it("print faults as JSON Lines, and say what kind of script a file may have", function()
    local result = run("check - -o jsonl", { input = '{"type":"jobb"}' })
    assert.same({ 1, { File = "-", Line = 1, Column = 2, Path = "type", Message = 'expected "realtime" for a TaskParam, or "job" for a TaskContent' } },
      { result.status, cjson.decode(result.out) })
  end)

  it("advise commands, and no functions of the library", function()
    succeed("create orders --project 10000 " .. BUILDER)
    for arguments, text in pairs {
      ["start orders"] = "before it is started (dataworks deploy), and starts only while it does not run (dataworks status).",
      ["publish orders"] = "publish is for offline tasks; the others are deployed with dataworks deploy",
      ["list --endpoint http://192.0.2.1"] = "\nUse an https:// endpoint.\n",
    } do
      assert.matches(text, run(arguments .. " --project 10000").err, 1, true)
    end
    succeed "deploy orders --project 10000"
    emulator:settings { wait_calls = 99 }
    assert.matches("\nContinue later with dataworks wait TASK --for RUN.\n",
      run("start orders --project 10000 --wait-timeout 0.5").err, 1, true)
  end)

  it("say how to delete a task that is in production", function()
    succeed("create orders --project 10000 --start " .. BUILDER)
    local result = run "delete orders --project 10000 --yes"
    assert.equal(1, result.status)
    assert.matches("dataworks stop orders, dataworks terminate orders", result.err, 1, true)
  end)

  it("check data sources and resource groups against the service with --live", function()
    local script = succeed "task --from mysql:no_such --tables a --to odps:odps_first --resource-group none"
    local result = run("check - --live --project 10000", { input = script })
    assert.equal(1, result.status)
    assert.matches("steps[1].parameter.connection[1].datasource: there is no data source no_such", result.out, 1, true)
    assert.matches("setting.resourceGroup: there is no resource group none", result.out, 1, true)
  end)

  it("keep the spelling of each value, but no byte order mark, when they format a file", function()
    assert.equal('{\n  "b": [\n    1.50,\n    "\\u00e9",\n    {}\n  ],\n  "a": null\n}\n',
      succeed("format -", { input = ' {"b":[1.50,"\\u00e9",{ }],"a":null} ' }))
    assert.equal('{\n  "a": 1\n}\n', succeed("format -", { input = '\239\187\191{"a":1}' }))
    assert.equal("dataworks format: -:1:4: the text is not JSON: expected a value\n", run("format -", { input = "[1,]" }).err)
  end)

  it("say which name is not UTF-8 before they print or create a task", function()
    local names = shell.quote "a\255"
    for options, path in pairs {
      ["--from mysql:a --tables " .. names] = "table[1]", ["--from mysql:" .. names .. " --tables a"] = "datasource",
    } do
      options = options .. " --to odps:b --resource-group x"
      for line, what in pairs { task = "task", ["create x --project 1"] = "create: GenerateDISyncTaskConfigForCreating" } do
        local result = run(("%s %s"):format(line, options))
        assert.same({ ("dataworks %s: TaskParam.steps[1].parameter.connection[1].%s: is not UTF-8: byte 2, counted from 1\n"):format(
          what, path), 2 }, { result.err, result.status })
      end
    end
  end)

  for arguments, message in pairs {
    ["create"] = "missing: NAME, --project ID, FILE, or --from TYPE:NAME, --tables LIST, --to TYPE:NAME, --resource-group ID",
    ["create x --project 1 --from mysql:a"] = "missing: --tables LIST, --to TYPE:NAME, --resource-group ID",
    ["create x --project 1 --from mysql --tables a --to odps:b --resource-group g"] =
      "--from mysql: write TYPE:NAME, for example mysql:orders_db",
    ["create x --project 1 --from mysql:a --tables a.b,c --to odps:b --resource-group g"] =
      "--tables: c has no database, and other tables have one; write DATABASE.TABLE for all of them",
    ["create x --project 1 --from mysql:a --tables a --to odp:b --resource-group g"] =
      "--to: unknown destination odp; did you mean odps? The destinations are holo (Hologres), kafka, odps (MaxCompute)",
    ["wait x --project 1"] = "missing: --for STATE",
    ["update x --project 1"] = "name either FILE or --tables",
    ["list"] = "missing: --project ID",
    ["check x.json --live"] = "--live needs --project",
  } do
    it(("answer `dataworks %s` with a message and status 2"):format(arguments), function()
      local result = run(arguments)
      assert.same({ ("dataworks %s: %s"):format(arguments:match "^%l+", message), 2 }, { result.err:match "^[^\n]*", result.status })
    end)
  end
end)
