-- Changes of lines that no spec can notice, for tools/mutate.lua. Each row has the path, the line, the changed line,
-- and the reason.
return {
  { "csrc/shared/lua_hook.c", "  lua_pop(L, 1);", "  (void)0;",
    "The value stays on the stack of a C function that ends soon, and has no other use of the stack." },
  { "lua/dataworks/transport/ngx/connection.lua", "  local ok, err = self.sock:sslhandshake(false, target.host, true)",
    "  local ok, err = self.sock:sslhandshake(true, target.host, true)",
    "With false the call returns true, and with true it returns a session, which is not used." },
  { "csrc/system/process.c",
    '    case OUTCOME_INTERRUPTED: return push_nil_and_message(L, '
      .. '"it was stopped, because the program was interrupted", 0);',
    "    case OUTCOME_INTERRUPTED: return 0;",
    "The hook that Ctrl-C has set raises an error before Lua uses the results." },
  { "lua/dataworks/cli/complete.lua", "      names[name] = true", "      names[name] = false",
    "Only the keys of the table are used." },
  { "csrc/core/script.c", '  FIELD("scheduleResgroupId", NUMBER, 0, ANY, NULL),',
    '  FIELD("scheduleResgroupId", NUMBER, 1, ANY, NULL),',
    "Bit 0 stands for SCRIPT_ANY, with which no field is required." },
  { "lua/dataworks/protocol/error_codes.lua", "local MAX_CODE_BYTES = 128", "local MAX_CODE_BYTES = 129",
    "All codes of the table are much shorter." },
  { "csrc/curl/multi.c", "    if (message->msg != CURLMSG_DONE) continue;", "    if (0) continue;",
    "libcurl has no other message so far." },
}
