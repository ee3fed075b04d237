-- Offline scripts with the step types of real plugins are decoded, encoded and sent without a change of a byte.

local dataworks = require "dataworks"
local support = require "spec.support.emulator"
local steps = require "spec.vectors.step_types"

local PROJECT = 10000
local READER = '{"stepType":"stream","parameter":{"column":[],"sliceRecordCount":"1"},"name":"Reader","category":"reader"}'
local WRITER = '{"stepType":"stream","parameter":{"print":false},"name":"Writer","category":"writer"}'

--- Returns an offline script with the step, and with a step of the testing plugin on the other side.
local function script(step)
  local is_reader = step:find('"category":"reader"', 1, true) ~= nil
  return '{"extend":{"mode":"code","resourceGroup":"g"},"type":"job","version":"2.0",'
    .. '"setting":{"errorLimit":{"record":""},"executeMode":null,"speed":{"concurrent":2,"throttle":false}},"steps":['
    .. (is_reader and step or READER) .. "," .. (is_reader and WRITER or step)
    .. '],"order":{"hops":[{"from":"Reader","to":"Writer"}]}}'
end

describe("an offline script", function()
  it("exists for at least 40 step types", function()
    local types, count = {}, 0
    for _, row in ipairs(steps) do
      local name = row[2]:match '"stepType":"([^"]+)"'
      count = count + (types[name] and 0 or 1)
      types[name] = true
    end
    assert.is_true(count >= 40, count)
  end)

  it("has the step types that check knows", function()
    local types = {}
    for _, row in ipairs(steps) do types[row[2]:match '"stepType":"([^"]+)"'] = true end
    assert.same(types, require "dataworks.api.step_types")
  end)

  for _, row in ipairs(steps) do
    it("keeps its bytes when it is decoded and encoded: " .. row[1], function()
      local text = script(row[2])
      assert.equal(text, dataworks.encode(assert(dataworks.decode(text))))
    end)
  end

  it("keeps its bytes on the way to the service, as a table and as text", function()
    local emulator = support.start()
    local client = dataworks.new {
      endpoint = emulator.endpoint, access_key_id = emulator.access_key_id, access_key_secret = emulator.access_key_secret,
      getenv = function() end,
    }
    local expected = {}
    for i, row in ipairs(steps) do
      local text = script(row[2])
      local name = ("task_%03d"):format(i)
      expected[name] = text
      assert(client:create_sync_task {
        ProjectId = PROJECT, TaskType = "DI_OFFLINE", TaskName = name,
        TaskContent = i % 2 == 0 and text or dataworks.decode(text),
      })
    end
    local found = {}
    for _, file, err in client:each("ListFiles", { ProjectId = PROJECT, NeedContent = true, PageSize = 100 }) do
      assert.is_nil(err)
      found[file.FileName] = file.Content
    end
    client:close()
    emulator:stop()
    assert.same(expected, found)
  end)

  it("keeps the bytes of everything else when one field changes", function()
    for _, row in ipairs(steps) do
      local text = script(row[2])
      local decoded = assert(dataworks.decode(text))
      decoded.setting.speed.concurrent = 3
      assert.equal((text:gsub('"concurrent":2', '"concurrent":3')), dataworks.encode(decoded))
    end
  end)
end)
