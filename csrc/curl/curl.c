/* Opens the Lua module dataworks.curl. Its sessions send requests, either one at a time or together in a multi. The
   module links libcurl only, and is never loaded inside nginx. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* nanosleep */
#endif

#include "curl/lua_transfer.h"

#include <time.h>

/* sleep(seconds). A signal ends the sleep early, so that Ctrl-C works at once. */
static int curl_sleep(lua_State *L) {
  double seconds = lua_check_seconds(L, 1);
  if (seconds > MAX_SECONDS) seconds = MAX_SECONDS;
  if (seconds > 0) {
    struct timespec t = { .tv_sec = (time_t)seconds };
    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    nanosleep(&t, NULL);
  }
  return 0;
}

/* version(). Returns the version of libcurl, for example "7.88.1". */
static int curl_lua_version(lua_State *L) {
  lua_pushstring(L, curl_version_info(CURLVERSION_NOW)->version);
  return 1;
}

DATAWORKS_EXPORT int luaopen_dataworks_curl(lua_State *L);

DATAWORKS_EXPORT int luaopen_dataworks_curl(lua_State *L) {
  static const luaL_Reg functions[] = { { "new", lua_new_session },      { "multi", lua_new_multi },
                                        { "headers", lua_headers },      { "sleep", curl_sleep },
                                        { "version", curl_lua_version }, { NULL, NULL } };
  lua_store_main_thread(L);
  lua_create_session_class(L);
  lua_create_multi_class(L);
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
  return 1;
}
