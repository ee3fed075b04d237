-- Writes and reads JSON. Only the emulator uses this module. The members of an object keep their order, integers of any
-- length stay exact, and no Lua module has to be installed for nginx.

local encode = require "dataworks.emulator.json.encode"
local values = require "dataworks.emulator.json.values"

local M = values

M.encode, M.pieces = encode.text, encode.pieces
M.decode = require "dataworks.emulator.json.decode"

return M
