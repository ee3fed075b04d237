local new_queue = require "dataworks.util.queue"

describe("a queue", function()
  it("returns values in the order of their arrival", function()
    local queue = new_queue()
    for round = 1, 3 do
      for i = 1, 4 do queue:push(i * round) end
      assert.equal(round, queue:first_value())
      assert.equal(round, queue:pop())
      assert.same({ 2 * round, 3 * round, 4 * round }, queue:values())
      for i = 2, 4 do assert.equal(i * round, queue:pop()) end
      assert.equal(0, queue:length())
      assert.is_nil(queue:first_value())
      assert.is_nil(queue:pop())
    end
  end)

  it("loses no other value when an error interrupts it at any line", function()
    if rawget(_G, "jit") then return end -- all coroutines share one debug hook
    for steps = 1, 30 do
      local queue, popped, count = new_queue(), {}, 0
      for i = 1, 3 do queue:push(i) end
      local user = coroutine.create(function()
        while queue:length() > 0 do
          local value = queue:pop()
          popped[#popped + 1] = value
        end
        queue:push(4)
      end)
      debug.sethook(user, function()
        count = count + 1
        if count == steps then error "interrupted!" end
      end, "l")
      coroutine.resume(user)
      debug.sethook(user)
      queue:push(5)
      while queue:length() > 0 do popped[#popped + 1] = queue:pop() end
      assert.is_true(#popped >= 3, "step " .. steps)
      assert.equal(5, popped[#popped])
    end
  end)
end)
