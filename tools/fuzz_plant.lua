-- Plants the bug of a fuzz target in a copy of the library: fuzz_plant.lua TARGET FOLDER

local name, folder = arg[1], arg[2]
local planted = assert(require("spec.fuzz.targets")[name], "no such target").planted
local path = folder .. "/" .. planted[1]

local file = assert(io.open(path, "rb"))
local text = file:read "*a"
file:close()

local first, last = text:find(planted[2], 1, true)
if not first then error(("%s: %s has no %q to replace"):format(name, planted[1], planted[2])) end
file = assert(io.open(path, "wb"))
file:write(text:sub(1, first - 1), planted[3], text:sub(last + 1))
file:close()
