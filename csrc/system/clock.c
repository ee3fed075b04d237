#define _POSIX_C_SOURCE 200809L

#include "core/core.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static double read_clock(clockid_t id) {
  struct timespec now = { 0, 0 };
  clock_gettime(id, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double monotonic_seconds(void) {
  return read_clock(CLOCK_MONOTONIC);
}

/* time() -> seconds since 1970 */
int core_time(lua_State *L) {
  lua_pushnumber(L, (lua_Number)read_clock(CLOCK_REALTIME));
  return 1;
}

/* clock() -> seconds of the monotonic clock */
int core_clock(lua_State *L) {
  lua_pushnumber(L, (lua_Number)monotonic_seconds());
  return 1;
}

void push_system_error(lua_State *L, int error) {
  char message[128];
  if (strerror_r(error, message, sizeof message)) snprintf(message, sizeof message, "error %d", error);
  lua_pushstring(L, message);
}
