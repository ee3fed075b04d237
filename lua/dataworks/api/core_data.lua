-- Gives the C core the data that it needs: the row of GenerateDISyncTaskConfigForCreating and the writers of a
-- TaskParam. A program must require this module before the core checks a script, and before core.generate is called.

local actions = require "dataworks.api.actions"
local core = require "dataworks.core"
local writers = require "dataworks.api.writers"

core.configure({ generate = actions.GenerateDISyncTaskConfigForCreating, writers = writers })

return true
