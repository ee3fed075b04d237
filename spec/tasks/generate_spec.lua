-- The generation of a new task's configuration.

local fake = require "spec.support.fake"
local flows = require "spec.support.flows"
local ids = require "dataworks.util.ids"

describe("client:generate", function()
  it("returns the reply, with the parameters that client:wait needs and the ClientToken", function()
    for _, project in ipairs { 10, 10.0, "10" } do
      local client = fake.client { flows.generated() }
      local result = assert(client:generate { ProjectId = project, TaskType = "DI_SOLUTION", TaskParam = flows.script() })
      assert.same({ 10, "DI_SOLUTION", "nonce-1", "R-1" }, { result.ProjectId, result.TaskType, result.ClientToken, result.RequestId })
      assert.equal(ids.native(flows.BIG), result.Data.ProcessId)
    end
  end)

  it("returns the error of the call", function()
    local client = fake.client { fake.refused "Invalid.DI.Parameter" }
    local result, err = client:generate { ProjectId = 10, TaskType = "DI_REALTIME", TaskParam = flows.script() }
    assert.is_nil(result)
    assert.same({ "service", flows.GENERATE }, { err.kind, err.action })
  end)
end)
