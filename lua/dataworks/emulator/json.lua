-- Writes and reads JSON. Only the emulator uses this module. The members of an object keep their order, integers of any
-- length stay exact, and no Lua module has to be installed for nginx.

local M = require "dataworks.emulator.json.values"

M.encode = require "dataworks.emulator.json.encode"
M.decode = require "dataworks.emulator.json.decode"

return M
