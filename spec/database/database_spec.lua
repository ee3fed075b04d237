local databases = require "dataworks.database.database"
local shell = require "spec.support.shell"

describe("a database", function()
  it("keeps a connection alive as long as one of its statements, which uses it when it is collected", function()
    local folder = shell.output "mktemp -d"
    local database = databases.open(folder .. "/x.db", { sleep = function() end })
    database:transaction(function(db) return db:query "select 1 as one" end)
    local _, statement = next(database.statements)
    local kept = setmetatable({ database.connection }, { __mode = "v" })
    database = nil -- luacheck: ignore 311
    for _ = 1, 4 do collectgarbage() end
    assert.truthy(kept[1])
    statement:close()
    statement = nil -- luacheck: ignore 311
    for _ = 1, 4 do collectgarbage() end
    assert.is_true(kept[1] == nil or jit ~= nil) -- compiled code of LuaJIT can keep a value alive
    shell.output("rm -r " .. folder)
  end)

  it("waits for another writer with the sleep of the present caller", function()
    local folder = shell.output "mktemp -d"
    local slept = {}
    local function sleeper(name)
      return function()
        slept[#slept + 1] = name
        return "cancelled"
      end
    end
    local first = databases.open(folder .. "/x.db", { sleep = sleeper "unused" })
    local second = databases.open(folder .. "/x.db", { sleep = sleeper "opener" })
    second:transaction(function(db) return db:query "select 1 as one" end)
    first:transaction(function()
      for _, name in ipairs { "opener", "caller" } do
        local ok, err = pcall(second.transaction, second, function() end, name == "caller" and sleeper(name) or nil)
        assert.same({ false, "ledger" }, { ok, err.kind })
      end
    end)
    assert.same({ "opener", "caller" }, slept)
    first:close()
    second:close()
    shell.output("rm -r " .. folder)
  end)
end)
