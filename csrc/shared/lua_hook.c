#include "shared/lua_hook.h"

#if LUA_VERSION_NUM >= 502

void lua_store_main_thread(lua_State *L) {
  (void)L;
}

static void push_main_thread(lua_State *L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
}

#else

#define MAIN_THREAD "dataworks main thread"

void lua_store_main_thread(lua_State *L) {
  if (lua_pushthread(L)) lua_setfield(L, LUA_REGISTRYINDEX, MAIN_THREAD);
  else lua_pop(L, 1);
}

static void push_main_thread(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, MAIN_THREAD);
}

#endif

void lua_read_hook(lua_State *L, struct lua_hook *hook) {
  push_main_thread(L);
  lua_State *main = lua_tothread(L, -1);
  lua_pop(L, 1);
  hook->thread = main ? main : L;
  hook->function = lua_gethook(hook->thread);
  hook->mask = lua_gethookmask(hook->thread);
  hook->count = lua_gethookcount(hook->thread);
}

bool lua_hook_was_set(void *context) {
  const struct lua_hook *before = context;
  lua_Hook function = lua_gethook(before->thread);
  if (!function) return false;
  return function != before->function || lua_gethookmask(before->thread) != before->mask ||
         lua_gethookcount(before->thread) != before->count;
}
