-- An output handler of busted. It prints the plain output of busted, and writes the counts of passed, failed and
-- skipped tests to the file that DATAWORKS_COUNTS names. It also checks that no text of the whole run contains a
-- secret. This check counts as one test.
local busted = require "busted"

-- The specs of tools/suite run this handler without the library. Then no secret is checked.
local swept, sweep = pcall(require, "spec.support.secret_sweep")

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
