local core = require "dataworks.core"
local files = require "spec.support.files"
local postgres = require "spec.support.postgres"
local shell = require "spec.support.shell"
local support = require "spec.support.emulator"

describe("a fleet with a ledger in PostgreSQL", function()
  if not postgres.programs() then
    return
  end
  local server, emulator, folder

  setup(function()
    server, emulator, folder = postgres.start(), support.start(), shell.output "mktemp -d"
    emulator:settings { pending_calls = 0, wait_calls = 0, kill_calls = 0 }
  end)
  teardown(function()
    emulator:stop()
    server:stop()
    shell.output("rm -r " .. folder)
  end)

  it("is applied exactly once, although a runner is killed again and again and the database restarts", function()
    local count = tonumber(os.getenv "FLEET_TASKS") or 20
    local path, tasks = folder .. "/manifest.json", {}
    for i = 1, count do
      tasks[i] = { name = "task" .. i, from = { mysql = "mysql_pub", tables = { shop = { "orders" .. i } } } }
    end
    files.write(path, (core.encode({
      project = 10000, fleet = "orders", tasks = tasks,
      defaults = { resource_group = "S_res_group_1_1", to = { odps = "odps_first" }, state = "running" },
    }, true)))
    for _, fault in ipairs { "unavailable", "reset", "truncate" } do
      emulator:fault { fault = fault, times = math.floor(count / 6) }
    end
    local line = ("%s spec/support/fleet_runner.lua %s %s %s %s '%s' 1"):format(shell.interpreter, emulator.endpoint,
      emulator.access_key_id, emulator.access_key_secret, path, server.url)
    local out = shell.output(([[( %s >%s/1.log 2>&1 & a=$!; %s >%s/2.log 2>&1 & b=$!
      for i in 1 2; do %s >%s/3.log 2>&1 & c=$!; sleep 0.5; kill -9 $c; wait $c; done
      ( %s -m fast restart >/dev/null )
      wait $a; x=$?; wait $b; echo $x $? ) 2>/dev/null]]):format(line, folder, line, folder, line, folder, server.control))
    assert.equal("0 0", out:match "(%d+ %d+)%s*$", files.read(folder .. "/1.log") .. files.read(folder .. "/2.log"))
    local ids, distinct = {}, 0
    local ledger = require("dataworks.fleet.ledger").open(server.url, "/10000/orders")
    for _, row in pairs(ledger:rows()) do
      assert.same({ "2", "running" }, { row.state, row.reached })
      distinct = distinct + (ids[row.file_id] and 0 or 1)
      ids[row.file_id] = row.name
    end
    ledger:close()
    assert.equal(count, distinct)
    local names, total = {}, 0
    local client = require("dataworks").new {
      region = "cn-shanghai", endpoint = emulator.endpoint, access_key_id = emulator.access_key_id,
      access_key_secret = emulator.access_key_secret,
    }
    for _, file in client:each("ListFiles", { ProjectId = 10000, PageSize = 100 }) do
      total = total + 1
      names[file.FileName] = ids[require("dataworks.util.ids").text(file.FileId)] == file.FileName
    end
    client:close()
    for i = 1, count do assert.is_true(names["task" .. i]) end
    assert.equal(count, total)
  end)

  it("renames, protects and deletes", function()
    local fleet = require("spec.support.fleets").start()
    fleet:reset()
    local url = fleet.ledger
    fleet.ledger = server.url
    local manifest = fleet.manifest({ "a", "b", "c" }, "created", { fleet = "renamed" })
    manifest.tasks[3].protect = true
    assert.equal(3, assert(fleet:apply(manifest)).done)
    local before = fleet:tasks()
    manifest.tasks[1].name, manifest.tasks[1].moved_from = "d", "a"
    table.remove(manifest.tasks, 2)
    local result = assert(fleet:apply(manifest, { prune = true, prune_limit = 1 }))
    assert.same({ 2, {} }, { result.done, result.failed })
    assert.same({ d = before.a, c = before.c }, fleet:tasks())
    table.remove(manifest.tasks, 2)
    local _, err = fleet:apply(manifest, { prune = true, prune_limit = 1 })
    assert.truthy(tostring(err):find("protected tasks are not deleted: c", 1, true))
    assert.equal(0, assert(fleet:apply(manifest)).done)
    local upkeep, ledger = require "dataworks.fleet.upkeep", require("dataworks.fleet.ledger").open(server.url, "/10000/renamed")
    ledger:join("id", "here")
    assert.equal("here", upkeep.runners(ledger)[1].label)
    assert.truthy(upkeep.contents(ledger).d)
    assert.same({}, upkeep.forget(ledger, { "c" }, true))
    assert.same({ before.c, nil }, { ledger:rows().c.predecessor, upkeep.contents(ledger).c })
    local task = require("dataworks.fleet.manifest").check(fleet.manifest { "imported" }).tasks[1]
    upkeep.import(ledger, { { task = task, file_id = 7, content = "{}" } })
    assert.same({ "7", task.digest, "2" }, { ledger:rows().imported.file_id, ledger:rows().imported.made, ledger:rows().imported.state })
    ledger:close()
    fleet.ledger = url
    fleet:clean()
    fleet:stop()
  end)

  it("keeps a long error in Chinese, and claims only what a pattern matches", function()
    local ledgers = require "dataworks.fleet.ledger"
    local tasks, claimed = {}, {}
    for i, name in ipairs { "a_1", "ax1", "a%1", "a\\1", "订1" } do tasks[i] = { name = name, task_type = "DI_REALTIME", digest = "d" } end
    for _, pattern in ipairs { "a_*", "?%1", "a\\?", "订?", "*" } do
      local ledger = ledgers.open(server.url, "patterns", pattern)
      if pattern == "a_*" then ledger:enqueue(tasks) end
      for _, claim in ipairs(ledger:claim("me", 9, 60)) do
        claimed[#claimed + 1] = claim.name
        assert.is_true(ledger:give_back(claim, "x" .. ("错"):rep(400)))
      end
      assert.same({ 0, pattern == "*" and 5 or 1 }, { ledger:counts()["0"], ledger:counts()["3"] })
      ledger:close()
    end
    assert.same({ "a_1", "a%1", "a\\1", "订1", "ax1" }, claimed)
    local ledger = ledgers.open(server.url, "patterns")
    assert.equal("x" .. ("错"):rep(333), ledger:rows().a_1.error)
    ledger:close()
  end)

  --- Returns the message of a ledger that cannot be opened.
  local function message(url)
    local plan, err = require("dataworks").fleet.plan { manifest = { project = 1, fleet = "f", tasks = {} }, ledger = url }
    assert.is_nil(plan)
    assert.equal("ledger", err.kind)
    assert.falsy(tostring(err):find("secret", 1, true))
    return tostring(err)
  end

  local function sql(text) shell.output(("psql -q '%s' -c \"%s\""):format(server.url, text)) end

  it("tells a wrong password from a server that is not there or does not answer, and shows no password", function()
    sql "create role walled login password 'right'"
    shell.output(("sed -i '1i host all walled 127.0.0.1/32 scram-sha-256' %s/data/pg_hba.conf && %s reload >/dev/null"):format(server.folder,
      server.control))
    local at = "127.0.0.1:" .. server.port
    local wrong = message(("postgresql://walled:secret@%s/postgres"):format(at))
    assert.truthy(wrong:find(("the server at %s refuses the connection. Check user, password and database"):format(at), 1, true), wrong)
    assert.truthy(message(("postgresql://walled:right@%s/postgres"):format(at)):find "may not create or change tables")
    assert.truthy(message "postgresql://me@127.0.0.1:9/x?password=secret":find("nothing listens at 127.0.0.1:9", 1, true))
    local uv = require "luv"
    local listener = uv.new_tcp()
    assert(listener:bind("127.0.0.1", 0))
    assert(listener:listen(8, function() end))
    local silent = message(("postgresql://me:secret@127.0.0.1:%d/x?connect_timeout=2"):format(listener:getsockname().port))
    listener:close()
    uv.run "nowait" -- completes the close
    assert.truthy(silent:find("does not answer", 1, true), silent)
  end)

  it("refuses a database that takes no writes", function()
    sql "alter role postgres set default_transaction_read_only = on"
    local text = message(server.url)
    sql "begin read write; alter role postgres reset default_transaction_read_only; commit"
    assert.truthy(text:find("Name the primary server", 1, true), text)
  end)

  it("connects again when its connection goes dead", function()
    local pipe = io.popen(("python3 spec/chaos/black_hole.py %d & echo $!; wait"):format(server.port))
    local pid, port = pipe:read "*l", pipe:read "*l"
    local ledger = require("dataworks.fleet.ledger").open(server.url:gsub(":%d+/", ":" .. port .. "/") .. "?tcp_user_timeout=1000", "x")
    shell.output("kill -USR1 " .. pid)
    pipe:read "*l" -- the proxy has cut the connection
    assert.equal(0, ledger:counts()["0"])
    ledger:close()
    shell.output("kill -9 " .. pid)
    pipe:close()
  end)

  it("lets a command end when the server keeps its connection and does not answer", function()
    local program = folder .. "/silent.lua"
    files.write(program, ([[
      require("dataworks.database.database").last_resort = { seconds = 1, status = 5 }
      local ledger = require("dataworks.fleet.ledger").open("%s", "x")
      ledger:counts()
      os.execute "sleep 1.2" -- the alarm is not set between two transactions
      os.execute "kill -STOP $(pgrep -P $(head -n 1 %s/data/postmaster.pid))"
      print "stopped"
      io.stdout:flush()
      ledger:counts()]]):format((server.url:gsub("postgres@", "postgres:secret@")), server.folder))
    local output, status = shell.run(("timeout 60 %s %s 2>&1"):format(shell.interpreter, program))
    -- A process that has gone on may end before the next one gets its signal.
    shell.output(("for pid in $(pgrep -P $(head -n 1 %s/data/postmaster.pid)); do kill -CONT $pid || [ ! -e /proc/$pid ]; done"):format(server.folder))
    assert.equal(5, status, output)
    assert.truthy(output:find("stopped\nthe ledger postgresql://postgres:%*%*%*@127%.0%.0%.1:%d+/postgres did not answer for 1 seconds; "), output)
  end)
end)
