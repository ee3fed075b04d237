-- A fleet for specs: the emulator, a client, a folder and manifests.

local dataworks = require "dataworks"
local files = require "spec.support.files"
local shell = require "spec.support.shell"
local support = require "spec.support.emulator"

local Fleet = {}
Fleet.__index = Fleet

--- Returns a manifest with tasks of these names.
function Fleet.manifest(names, state, more)
  local made = {
    project = 10000, fleet = "orders", tasks = {},
    defaults = { resource_group = "S_res_group_1_1", to = { odps = "odps_first" }, state = state or "created" },
  }
  for i, name in ipairs(names) do
    made.tasks[i] = { name = name, from = { mysql = "mysql_pub", tables = { shop = { name } } } }
  end
  for name, value in pairs(more or {}) do made[name] = value end
  return made
end

--- Returns a task with an offline script.
function Fleet.offline(name, state)
  return {
    name = name, type = "DI_OFFLINE", state = state, schedule = "0 2 * * *",
    TaskContent = files.read "spec/scripts/task_content_offline.json",
  }
end

function Fleet:call(name, manifest, more)
  local options = { manifest = manifest, ledger = self.ledger, client = name == "apply" and self.client or nil }
  for key, value in pairs(more or {}) do options[key] = value end
  return dataworks.fleet[name](options)
end

function Fleet:apply(manifest, more) return self:call("apply", manifest, more) end
function Fleet:plan(manifest, more) return self:call("plan", manifest, more) end

--- Returns the rows of the ledger.
function Fleet:rows()
  local ledger = require("dataworks.fleet.ledger").open(self.ledger, "/10000/orders")
  local rows = ledger:rows()
  ledger:close()
  return rows
end

--- Returns the FileIds of the tasks that the service has, by name.
function Fleet:tasks()
  local found = {}
  for _, item in self.client:each("ListFiles", { ProjectId = 10000, PageSize = 100 }) do
    found[item.FileName] = dataworks.encode(item.FileId)
  end
  return found
end

--- Returns how many calls of an action the emulator got.
function Fleet:calls(action) return #self.emulator:journal(action) end

--- Prepares the next spec.
function Fleet:reset()
  self.emulator:reset()
  self.emulator:settings { pending_calls = 0, wait_calls = 0, kill_calls = 0 }
  self.folder = shell.output "mktemp -d"
  self.ledger = self.folder .. "/ledger.db"
end

function Fleet:clean() shell.output("rm -r " .. self.folder) end

function Fleet:stop()
  self.client:close()
  self.emulator:stop()
end

return {
  start = function()
    local emulator = support.start()
    return setmetatable({ emulator = emulator, client = dataworks.new {
      region = "cn-shanghai", endpoint = emulator.endpoint, access_key_id = emulator.access_key_id,
      access_key_secret = emulator.access_key_secret,
    } }, Fleet)
  end,
}
