#define _POSIX_C_SOURCE 200809L

#include "core/core.h"

#include <time.h>

static int push_clock(lua_State *L, clockid_t id) {
  struct timespec now;
  if (clock_gettime(id, &now)) return luaL_error(L, "the clock can't be read");
  lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec * 1e-9);
  return 1;
}

/* time() -> seconds since 1970 */
int core_time(lua_State *L) {
  return push_clock(L, CLOCK_REALTIME);
}

/* clock() -> seconds of a clock that never jumps */
int core_clock(lua_State *L) {
  return push_clock(L, CLOCK_MONOTONIC);
}
