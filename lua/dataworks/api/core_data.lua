-- Hands the C core the data of this room: the row of GenerateDISyncTaskConfigForCreating and the TaskParam writers.
-- Required once, before core.generate, or a script of type realtime, is used.

local actions = require "dataworks.api.actions"
local core = require "dataworks.core"
local writers = require "dataworks.api.writers"

core.configure({ generate = actions.GenerateDISyncTaskConfigForCreating, writers = writers })

return true
