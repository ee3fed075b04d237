-- Starts the emulator with and without TLS, and runs torture.lua: run.lua HOST STEP SEED PAIRS c|lua [OPERATION]

local emulators = require "spec.support.emulator"

local plain, tls = emulators.start(), emulators.start { tls = true }
plain:settings { pending_calls = 1 }

local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local words = {
  arg[1], "spec/torture/torture.lua", plain.directory, plain.endpoint, tls.endpoint, tls.ca_file, plain.access_key_id,
  plain.access_key_secret, arg[2], arg[3], arg[4], arg[5], arg[6],
}
for i, word in ipairs(words) do words[i] = quote(word) end
local ok, _, status = os.execute(table.concat(words, " "))
plain:stop()
tls:stop()
os.exit((ok == true or ok == 0) and 0 or (status or 1))
