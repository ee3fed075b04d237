/* The baselines of the measurements: the cheapest C programs that do the same work. */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include <lauxlib.h>
#include <lua.h>

struct usage {
  double cpu, wall;
};

/* The CPU seconds of this process, and the time. */
struct usage usage_now(void);

/* Pushes the CPU seconds and the wall seconds since `start`. Returns 2. */
int usage_push_since(lua_State *L, struct usage start);

int floor_openssl(lua_State *L);
int floor_sha256(lua_State *L);
int floor_curl(lua_State *L);
int floor_multi(lua_State *L);
int floor_run(lua_State *L);
int floor_read(lua_State *L);
int floor_write(lua_State *L);
int floor_tables(lua_State *L);

#endif
