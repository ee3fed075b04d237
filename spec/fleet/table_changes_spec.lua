local changes = require "dataworks.fleet.table_changes"
local core = require "dataworks.core"
local dataworks = require "dataworks"

local function script(tables)
  return (core.encode(dataworks.task {
    from = { mysql = "m", tables = tables }, to = { odps = "o" }, resource_group = "g",
  }, true))
end

describe("the tables of a script", function()
  it("are read from one database, from several, and from the steps of an offline task", function()
    assert.same({ a = true, b = true }, changes.of(script { "a", "b" }))
    assert.same({ ["x.a"] = true, ["y.a"] = true }, changes.of(script { x = { "a" }, y = { "a" } }))
    assert.same({ a = true, b = true, c = true }, changes.of [[{"type":"job","steps":[
      {"category":"reader","parameter":{"table":"a","connection":[{"table":["b","c"]},{"table":7}]}},
      {"category":"writer","parameter":{"table":"d"}},{"category":"reader"}]}]])
  end)

  it("are compared by name", function()
    assert.same({ { { "b", "c" }, { "z" } } }, { { changes.compare(script { "a", "z" }, script { "c", "b", "a" }) } })
  end)
end)
