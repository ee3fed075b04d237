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
    assert.is_nil(kept[1])
    shell.output("rm -r " .. folder)
  end)
end)
