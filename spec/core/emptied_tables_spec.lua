local core = require "dataworks.core"
local native = require "spec.support.native"

-- Under AddressSanitizer (make test-asan) the use of a freed text ends the program with a report.
describe("a table that a finalizer empties during a call", function()
  it("leaves no pointer to its texts in use", function()
    assert.equal("", native.run 'dofile "spec/support/emptied_tables.lua"')
  end)

  it("is encoded without the members that are gone", function()
    local values = setmetatable({}, { __mode = "v" })
    for i = 1, 500 do values[("name_%03d"):format(i)] = { i } end
    local text = assert(core.encode(values))
    local last = ""
    for name, value in text:gmatch '"(name_%d%d%d)":(%b[])' do
      assert.equal(tonumber(name:match "%d+"), tonumber(value:match "%d+"))
      assert.is_true(last < name)
      last = name
    end
    assert.is_nil(text:find "null")
  end)
end)
