#define _GNU_SOURCE /* sched_setaffinity, and the system's time in struct rusage */
#include "floor.h"

#include <sched.h>
#include <sys/resource.h>
#include <time.h>

struct usage usage_now(void) {
  struct rusage used;
  struct timespec now;
  getrusage(RUSAGE_SELF, &used);
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (struct usage){ (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6,
                         (double)now.tv_sec + (double)now.tv_nsec * 1e-9 };
}

int usage_push_since(lua_State *L, struct usage start) {
  struct usage end = usage_now();
  lua_pushnumber(L, end.cpu - start.cpu);
  lua_pushnumber(L, end.wall - start.wall);
  return 2;
}

/* usage() -> CPU seconds of this process, seconds of the monotonic clock */
static int floor_usage(lua_State *L) {
  return usage_push_since(L, (struct usage){ 0, 0 });
}

/* cores() -> {number, ...}: the cores that this process may use */
static int floor_cores(lua_State *L) {
  cpu_set_t cores;
  sched_getaffinity(0, sizeof cores, &cores);
  lua_newtable(L);
  int n = 0;
  for (size_t core = 0; core < CPU_SETSIZE; core++) {
    if (!CPU_ISSET(core, &cores)) continue;
    lua_pushinteger(L, (lua_Integer)core);
    lua_rawseti(L, -2, ++n);
  }
  return 1;
}

/* pin(core): this process, and processes that it starts later, run on this core only */
static int floor_pin(lua_State *L) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET((size_t)luaL_checkinteger(L, 1), &cores);
  if (sched_setaffinity(0, sizeof cores, &cores) != 0) return luaL_error(L, "sched_setaffinity failed");
  return 0;
}

int luaopen_floor(lua_State *L);

int luaopen_floor(lua_State *L) {
  static const luaL_Reg functions[] = {
    { "usage", floor_usage }, { "cores", floor_cores },   { "pin", floor_pin },     { "openssl", floor_openssl },
    { "call", floor_call },   { "sha256", floor_sha256 }, { "curl", floor_curl },   { "multi", floor_multi },
    { "run", floor_run },     { "read", floor_read },     { "write", floor_write }, { "tables", floor_tables },
    { NULL, NULL },
  };
  lua_newtable(L);
  for (const luaL_Reg *f = functions; f->name; f++) {
    lua_pushcfunction(L, f->func);
    lua_setfield(L, -2, f->name);
  }
  return 1;
}
