local corpora = require "spec.fuzz.corpora"
local targets = require "spec.fuzz.targets"

describe("the inputs that the fuzzer has kept", function()
  for name, target in pairs(targets) do
    it("meet the properties of the target " .. name, function()
      for _, folder in ipairs { "seeds", "corpus" } do
        local inputs = corpora.read(("spec/fuzz/%s/%s"):format(folder, name))
        assert.is_true(#inputs > 0)
        for _, input in ipairs(inputs) do target.run(input) end
      end
    end)

    it("have a bug to plant in the target " .. name, function()
      local file = assert(io.open(target.planted[1]))
      local text = file:read "*a"
      file:close()
      assert.truthy(text:find(target.planted[2], 1, true), target.planted[1] .. " has no " .. target.planted[2])
    end)
  end
end)
