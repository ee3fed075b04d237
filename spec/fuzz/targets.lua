-- The functions that take bytes from outside, with the properties that must hold for all bytes. Each target has
--
--   run(bytes)   raises when a property does not hold
--   covers       the files with its functions, each with their names or as a whole; make fuzz-check shows that the inputs
--                in spec/fuzz reach 90 % of their lines
--   planted      {file, from, to}: a replacement in a file of the library that makes a property fail; make fuzz-check
--                shows that the fuzzer finds it

local TARGETS = {}

for _, group in ipairs { "core", "curl", "transport", "protocol", "credentials", "emulator", "cli", "fleet" } do
  for name, target in pairs(require("spec.fuzz.targets." .. group)) do TARGETS[name] = target end
end

return TARGETS
