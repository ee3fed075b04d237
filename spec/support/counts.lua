-- busted's plain output. The counts also go to the file that DATAWORKS_COUNTS names, where they are
-- summed over the interpreters. That no secret was told in the whole run counts as one more test.
local busted = require "busted"

-- Suites of other programs than ours have nothing to sweep.
local swept, sweep = pcall(require, "spec.support.sweep")

return function(options)
  local handler = require "busted.outputHandlers.plainTerminal"(options)
  if swept then sweep.start() end

  local function untold()
    local hits, secrets, texts = sweep.hits()
    print(("%d secrets in %d texts: %s"):format(secrets, texts, #hits == 0 and "none" or table.concat(hits, "\n")))
    return #hits == 0
  end

  busted.subscribe({ "suite", "end" }, function()
    local passed, failed = handler.successesCount, handler.failuresCount + handler.errorsCount
    if swept and passed + failed > 0 then
      if untold() then passed = passed + 1 else failed = failed + 1 end
    end
    local file = assert(io.open(assert(os.getenv("DATAWORKS_COUNTS")), "w"))
    file:write(passed, " ", failed, " ", handler.pendingsCount, "\n")
    file:close()
    return nil, true
  end)

  return handler
end
