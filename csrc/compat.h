/* Functions that Lua 5.1 and LuaJIT lack, the attribute of the exported luaopen_ functions, and metatables of userdata.
   The functions are static and have names of their own. Therefore none of them clashes with a function of the host's
   Lua, and an object built against LuaJIT loads in PUC Lua 5.1. */
#pragma once

#include <lauxlib.h>
#include <lua.h>

#define DATAWORKS_EXPORT __attribute__((visibility("default")))

#if LUA_VERSION_NUM < 502

#define lua_rawlen(L, index) lua_objlen(L, index)
#define luaL_setmetatable(L, name) (luaL_getmetatable(L, name), lua_setmetatable(L, -2))
#define luaL_setfuncs compat_setfuncs

/* Does what luaL_setfuncs does: sets the functions in the table below the upvalues, and pops the upvalues. */
static inline void compat_setfuncs(lua_State *L, const luaL_Reg *functions, int upvalues) {
  int table = lua_gettop(L) - upvalues;
  for (; functions->name; functions++) {
    for (int i = 1; i <= upvalues; i++) lua_pushvalue(L, table + i);
    lua_pushcclosure(L, functions->func, upvalues);
    lua_setfield(L, table, functions->name);
  }
  lua_settop(L, table);
}

#endif

#if LUA_VERSION_NUM < 503
#define lua_isinteger(L, index) 0
#endif

static inline size_t raw_length(lua_State *L, int index) {
  return (size_t)lua_rawlen(L, index);
}

/* Raises Lua's own message for a lack of memory. Call it after an allocation in C failed. */
static inline int out_of_memory(lua_State *L) {
  return luaL_error(L, "not enough memory");
}

/* Makes room for `count` more values on the stack. Raises for a lack of memory if that fails, because `count` is
   always far below Lua's limit. Lua's own function would report a stack overflow instead. */
static inline void reserve_stack(lua_State *L, int count) {
  if (!lua_checkstack(L, count)) out_of_memory(L);
}

/* Creates the metatable `name` of a userdata. A metatable that exists is filled again, because an earlier call may have
   failed for lack of memory and left the metatable incomplete. */
static inline void new_class(lua_State *L, const char *name, const luaL_Reg *metamethods, const luaL_Reg *methods) {
  luaL_newmetatable(L, name);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__name");
  luaL_setfuncs(L, metamethods, 0);
  if (methods) {
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
  }
  lua_pop(L, 1);
}
