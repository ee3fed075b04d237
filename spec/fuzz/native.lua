-- Loads native.c: linked into the fuzzer's host, or compiled for the specs.

local ok, native = pcall(require, "fuzz_native")
if ok then return native end

local compiler = require "spec.support.native"

local package_name = jit and "luajit" or _VERSION:lower():gsub(" ", "")
local library = compiler.compile("spec/fuzz/native.c csrc/curl/headers.c csrc/curl/reply.c csrc/shared/buffer.c",
  ("-Icsrc $(pkg-config --cflags %s libcurl)"):format(package_name))
native = assert(package.loadlib(library, "luaopen_fuzz_native"))()
os.remove(library)
return native
