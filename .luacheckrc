std = "min"
max_line_length = 110
-- What only some of the supported interpreters have; code tests for it before use.
read_globals = {
  "jit", "unpack",
  math = { fields = { "tointeger", "type" } },
  table = { fields = { "pack", "unpack" } },
}
files["lua/dataworks/emulator"].std = "ngx_lua"
files["lua/dataworks/transport/ngx.lua"].std = "ngx_lua"
files["spec"].std = "+busted"
