/* failing_host SCRIPT [ARGUMENT...]: an interpreter in which allocations fail on request.

   failing(kind, n, times, f, ...) calls f in protected mode. The n-th allocation in it fails, and the times - 1 after it.
   `kind` is "lua" for the allocations of the Lua state, "c" for those of all libraries. Returns whether one failed, and then
   what pcall returns. Lua collects garbage and tries once more, so a failure is two in a row at least. */
#include <errno.h>
#include <lauxlib.h>
#include <limits.h>
#include <lua.h>
#include <lualib.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* glibc's own, under other names. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);

/* Counts down to 0; fails from there on until it reaches -times. */
struct plan {
  atomic_bool armed;
  atomic_long left;
  atomic_long times;
  atomic_bool hit;
};

static struct plan of_lua, of_c;

static bool fails(struct plan *plan) {
  if (!atomic_load(&plan->armed)) return false;
  long left = atomic_fetch_sub(&plan->left, 1) - 1;
  bool failed = left <= 0 && left > -atomic_load(&plan->times);
  if (failed) {
    atomic_store(&plan->hit, true);
    errno = ENOMEM;
  }
  return failed;
}

void *malloc(size_t size) {
  return fails(&of_c) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  return fails(&of_c) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
  return fails(&of_c) ? NULL : __libc_realloc(block, size);
}

void free(void *block) {
  __libc_free(block);
}

/* Lua relies on it that a block can shrink. */
static void *allocate(void *context, void *block, size_t old, size_t size) {
  (void)context;
  if (size == 0) {
    __libc_free(block);
    return NULL;
  }
  if ((!block || size > old) && fails(&of_lua)) return NULL;
  return __libc_realloc(block, size);
}

static int failing(lua_State *L) {
  struct plan *plan = strcmp(luaL_checkstring(L, 1), "lua") == 0 ? &of_lua : &of_c;
  atomic_store(&plan->hit, false);
  atomic_store(&plan->left, (long)luaL_checkinteger(L, 2));
  atomic_store(&plan->times, (long)luaL_checkinteger(L, 3));
  luaL_checkstack(L, 100, NULL);
  lua_gc(L, LUA_GCCOLLECT, 0);
  atomic_store(&plan->armed, true);
  int status = lua_pcall(L, lua_gettop(L) - 4, LUA_MULTRET, 0);
  atomic_store(&plan->armed, false);
  lua_pushboolean(L, atomic_load(&plan->hit));
  lua_replace(L, 2);
  lua_pushboolean(L, status == 0);
  lua_replace(L, 3);
  return lua_gettop(L) - 1;
}

static lua_State *new_state(void) {
#ifdef LUAJIT_DEFAULT_ALLOCATOR
  return luaL_newstate();
#else
  return lua_newstate(allocate, NULL);
#endif
}

int main(int argc, char **argv) {
  lua_State *L = new_state();
  if (!L || argc < 2) return 2;
  luaL_openlibs(L);
  lua_newtable(L);
  for (int i = 0; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i - 1);
  }
  lua_setglobal(L, "arg");
  lua_pushcfunction(L, failing);
  lua_setglobal(L, "failing");
  int failed = luaL_loadfile(L, argv[1]) || lua_pcall(L, 0, 0, 0);
  if (failed) printf("%s\n", lua_tostring(L, -1));
  lua_close(L);
  return failed;
}
