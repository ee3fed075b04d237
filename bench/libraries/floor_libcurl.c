/* A Lua module that loads libcurl and its libraries, and does nothing. */
#include <curl/curl.h>
#include <lua.h>

int luaopen_floor_libcurl(lua_State *L);

int luaopen_floor_libcurl(lua_State *L) {
  lua_pushstring(L, curl_version_info(CURLVERSION_NOW)->version);
  return 1;
}
