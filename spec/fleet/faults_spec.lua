local core = require "dataworks.core"
local dataworks = require "dataworks"
local files = require "spec.support.files"
local fleets = require "spec.support.fleets"
local shell = require "spec.support.shell"

describe("a fleet", function()
  local started, emulator, client, folder, ledger

  setup(function()
    started = fleets.start()
    emulator, client = started.emulator, started.client
  end)
  teardown(function() started:stop() end)
  before_each(function()
    started:reset()
    folder, ledger = started.folder, started.ledger
  end)
  after_each(function() started:clean() end)

  local function fleet(count, state, prefix)
    local made = {
      project = 10000, fleet = "orders", tasks = {},
      defaults = { resource_group = "S_res_group_1_1", to = { odps = "odps_first" }, state = state or "created" },
    }
    for i = 1, count do
      made.tasks[i] = { name = "task" .. i, from = { mysql = "mysql_pub", tables = { shop = { (prefix or "orders") .. i } } } }
    end
    return made
  end

  --- Writes a manifest, and returns the command line of a runner with it.
  local function runner(manifest)
    files.write(folder .. "/manifest.json", (core.encode(manifest, true)))
    return ("%s spec/support/fleet_runner.lua %s %s %s %s/manifest.json %s 2"):format(shell.interpreter, emulator.endpoint,
      emulator.access_key_id, emulator.access_key_secret, folder, ledger)
  end

  local function acted(action)
    local count = 0
    for _, call in ipairs(emulator:journal(action)) do count = count + (call.acted and 1 or 0) end
    return count
  end

  local function message_of(url)
    local plan, err = dataworks.fleet.plan { manifest = fleet(1), ledger = url or ledger }
    assert.is_nil(plan)
    assert.equal("ledger", err.kind)
    return tostring(err)
  end

  it("that two people apply at the same time does nothing twice", function()
    local line = runner(fleet(6, "running"))
    shell.output(("%s & %s && wait $!"):format(line, line))
    assert.same({ 6, 6, 6 }, { acted "CreateDISyncTask", acted "DeployDISyncTask", acted "StartDISyncInstance" })
  end)

  it("loses nothing when the disk is full, and goes on when there is space", function()
    local line = runner(fleet(12))
    -- The limit in blocks of 512 bytes stands for the end of the disk. A write beyond it fails.
    local output, status = shell.run(("sh -c \"trap '' XFSZ; ulimit -f 250; exec %s\""):format(line))
    assert.equal(1, status, output)
    assert.truthy(output:find("space, and run the same command again", 1, true), output)
    local before = acted "CreateDISyncTask"
    assert.truthy(before > 0)
    shell.output(line)
    assert.equal(12, acted "CreateDISyncTask")
  end)

  it("refuses a ledger that cannot be written, and one that is damaged, and changes nothing", function()
    require("dataworks.fleet.ledger").open(ledger, "any"):close()
    shell.output("chmod 444 " .. ledger)
    -- Root can write each file, unless it gives up this right.
    local drop = shell.output "id -u" == "0" and "setpriv --bounding-set=-dac_override,-dac_read_search " or ""
    local output, status = shell.run(drop .. runner(fleet(1)))
    assert.equal(1, status)
    assert.truthy(output:find("cannot be written; nothing was changed", 1, true), output)
    shell.output("chmod 644 " .. ledger)
    local page = 4096
    local text = files.read(ledger)
    files.write(ledger, text:sub(1, page) .. ("\170"):rep(#text - page))
    assert.truthy(message_of():find("The file is damaged", 1, true))
    assert.equal(0, #emulator:journal())
  end)

  it("applies what the manifest said at the start, and a change in the next run", function()
    local path = folder .. "/manifest.json"
    runner(fleet(2))
    local function apply()
      return assert(dataworks.fleet.apply {
        manifest = path, ledger = ledger, client = client,
        on_event = function(event)
          if event.step == "CreateDISyncTask" then files.write(path, (core.encode(fleet(3, "created", "users"), true))) end
        end,
      })
    end
    assert.equal(2, apply().done)
    assert.same({ 2, 0 }, { acted "CreateDISyncTask", acted "UpdateDISyncTask" })
    assert.equal(3, apply().done)
    assert.same({ 3, 2 }, { acted "CreateDISyncTask", acted "UpdateDISyncTask" })
  end)

  it("applies a change that another person applies while a runner works on the task", function()
    local changed
    local result = assert(dataworks.fleet.apply {
      manifest = fleet(1), ledger = ledger, client = client,
      on_event = function(event)
        if event.step ~= "CreateDISyncTask" or changed then return end
        changed = assert(require("dataworks.fleet.manifest").check(fleet(1, "created", "users")))
        local other = require("dataworks.fleet.ledger").open(ledger, changed.key)
        other:enqueue(changed.tasks)
        other:close()
      end,
    })
    assert.same({ 0, 1, 1 }, { result.left, acted "CreateDISyncTask", acted "UpdateDISyncTask" })
    local plan = assert(dataworks.fleet.plan { manifest = fleet(1, "created", "users"), ledger = ledger })
    assert.equal(1, plan.counts.unchanged)
  end)

  it("does not say of a call that was never sent that the service may have acted", function()
    local errs = {}
    local unreachable = dataworks.new {
      endpoint = "http://127.0.0.1:1", access_key_id = "id", access_key_secret = "secret", retries = 0,
    }
    local ok, fault = pcall(started.apply, started, fleet(1), { client = unreachable, on_event = function(event)
      if event.type == "retry" then errs[#errs + 1] = event.err end
      if #errs == 2 then error("enough", 0) end
    end })
    assert.same({ false, "enough" }, { ok, fault })
    for _, err in ipairs(errs) do
      assert.same({ "CURLE_COULDNT_CONNECT", false, false }, { err.code, err.sent, err.may_have_acted })
    end
    assert.equal(1, assert(started:apply(fleet(1))).done)
  end)
end)
