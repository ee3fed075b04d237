-- busted's plain output. The counts also go to the file that DATAWORKS_COUNTS names, where they are
-- summed over the interpreters.
local busted = require "busted"

return function(options)
  local handler = require "busted.outputHandlers.plainTerminal"(options)

  busted.subscribe({ "suite", "end" }, function()
    local file = assert(io.open(assert(os.getenv("DATAWORKS_COUNTS")), "w"))
    local failed = handler.failuresCount + handler.errorsCount
    file:write(handler.successesCount, " ", failed, " ", handler.pendingsCount, "\n")
    file:close()
    return nil, true
  end)

  return handler
end
