std = "min"
max_line_length = 120
-- Names that only some of the supported interpreters have; code tests for them before use.
read_globals = {
  "jit", "loadstring", "unpack",
  math = { fields = { "maxinteger", "mininteger", "tointeger", "type" } },
  coroutine = { fields = { "isyieldable" } },
  package = { fields = { "loaders", "searchers" } },
  table = { fields = { "pack", "unpack" } },
}
files["lua/dataworks/emulator"].std = "min+ngx_lua"
files["lua/dataworks/transport/ngx.lua"].std = "min+ngx_lua"
files["examples/openresty"].std = "min+ngx_lua"
files["bin/dataworks"].globals = { "_" }
files["spec"] = { std = "min+busted", max_line_length = false }
files["spec/support/gc_pressure.lua"].globals = { "coroutine" }
files["spec/fuzz/targets/cli.lua"].globals = { "io" }
