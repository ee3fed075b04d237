-- JSON for the emulator alone: replies keep the order they are built in, integers of any length stay exact, and the Lua
-- inside nginx needs no installed module.

local values = require "dataworks.emulator.json.values"

return {
  null = values.null,
  object = values.object,
  integer = values.integer,
  list = values.list,
  is_list = values.is_list,
  is_object = values.is_object,
  encode = require "dataworks.emulator.json.encode",
  decode = require "dataworks.emulator.json.decode",
}
