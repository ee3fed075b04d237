/* Understands the values with which JSON libraries for Lua mark nulls, lists and empty objects. */
#include "core/script.h"
#include "core/value.h"

static int absolute_index(lua_State *L, int index) {
  return index < 0 && index > LUA_REGISTRYINDEX ? lua_gettop(L) + index + 1 : index;
}

/* Returns whether a field of a module is the value at `index` (absolute). The field of a module that the program has not
   loaded is no value. Never loads a module. */
static bool is_loaded(lua_State *L, int index, const char *module, const char *name) {
  int top = lua_gettop(L);
  value_field(L, LUA_REGISTRYINDEX, "_LOADED");
  if (lua_istable(L, -1)) value_field(L, top + 1, module);
  bool is_same = false;
  if (lua_gettop(L) == top + 2 && lua_istable(L, -1)) {
    value_field(L, top + 2, name);
    is_same = lua_rawequal(L, -1, index);
  }
  lua_settop(L, top);
  return is_same;
}

static bool is_of_cjson(lua_State *L, int index, const char *name) {
  return is_loaded(L, index, "cjson", name) || is_loaded(L, index, "cjson.safe", name);
}

bool value_is_null(lua_State *L, int index) {
  int type = lua_type(L, index);
  if (type == LUA_TNIL) return true;
  if (type == LUA_TLIGHTUSERDATA) return !lua_touserdata(L, index);
  if (type != LUA_TTABLE || !lua_getmetatable(L, index)) return false;
  lua_pop(L, 1);
  return is_loaded(L, absolute_index(L, index), "dkjson", "null");
}

bool value_is_empty_array(lua_State *L, int index) {
  return lua_islightuserdata(L, index) && is_of_cjson(L, absolute_index(L, index), "empty_array");
}

enum value_mark value_mark(lua_State *L, int table) {
  enum value_mark mark = UNMARKED;
  if (!lua_getmetatable(L, table)) return mark;
  int metatable = lua_gettop(L);
  luaL_getmetatable(L, TASK_LIST);
  luaL_getmetatable(L, TASK_OBJECT);
  value_field(L, metatable, "__jsontype");
  struct slice type = value_text(L, -1);
  if (lua_rawequal(L, metatable, metatable + 1) || is_of_cjson(L, metatable, "array_mt")) mark = MARKED_LIST;
  else if (slice_equal(type, SLICE("array")) || is_of_cjson(L, metatable, "empty_array_mt")) mark = MARKED_EMPTY_LIST;
  else if (slice_equal(type, SLICE("object")) || lua_rawequal(L, metatable, metatable + 2)) mark = MARKED_EMPTY_OBJECT;
  lua_settop(L, metatable - 1);
  return mark;
}
