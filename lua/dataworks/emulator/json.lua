-- JSON for the emulator alone: replies keep the order they are built in, integers of any length stay exact, and the Lua
-- inside nginx needs no installed module.

local M = require "dataworks.emulator.json.values"

M.encode = require "dataworks.emulator.json.encode"
M.decode = require "dataworks.emulator.json.decode"

return M
