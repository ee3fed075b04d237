-- Changes of lines that no spec can notice, for tools/mutate.lua. Each row has the path, the line, the changed line,
-- and the reason.
return {
  { "csrc/shared/lua_hook.c", "  lua_pop(L, 1);", "  (void)0;",
    "The value stays on the stack of a C function that ends soon, and has no other use of the stack." },
  { "lua/dataworks/transport/ngx/connection.lua", "  local ok, err = self.sock:sslhandshake(false, target.host, true)",
    "  local ok, err = self.sock:sslhandshake(true, target.host, true)",
    "With false the call returns true, and with true it returns a session, which is not used." },
}
