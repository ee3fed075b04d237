-- busted's plain output. Also writes the counts to the file of DATAWORKS_COUNTS, for the sum over the interpreters, and
-- checks that no secret appeared in a text of the whole run, which counts as one more test.
local busted = require "busted"

-- Without the library, as in the specs of tools/suite, there is nothing to sweep.
local swept, sweep = pcall(require, "spec.support.sweep")

return function(options)
  local handler = require "busted.outputHandlers.plainTerminal"(options)
  if swept then sweep.start() end

  local function found_no_secret()
    local hits, secrets, texts = sweep.hits()
    print(("%d secrets in %d texts: %s"):format(secrets, texts, #hits == 0 and "none" or table.concat(hits, "\n")))
    return #hits == 0
  end

  busted.subscribe({ "suite", "end" }, function()
    local passed, failed = handler.successesCount, handler.failuresCount + handler.errorsCount
    if swept and passed + failed > 0 then
      if found_no_secret() then passed = passed + 1 else failed = failed + 1 end
    end
    local file = assert(io.open(assert(os.getenv("DATAWORKS_COUNTS")), "w"))
    file:write(passed, " ", failed, " ", handler.pendingsCount, "\n")
    file:close()
    return nil, true
  end)

  return handler
end
