#include "core/script.h"

/* The address of this variable is a key of the registry. Its value is the table of rows by step type. */
static const char rows_key = 'w';

/* Raises unless the field is a string. */
static void check_text(lua_State *L, int table, const char *name) {
  value_field(L, table, name);
  if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "writer row: string expected as %s", name);
  lua_pop(L, 1);
}

static void check_row(lua_State *L, int row) {
  check_text(L, row, "step_type");
  check_text(L, row, "task_type");
  value_field(L, row, "required");
  if (!lua_istable(L, -1)) luaL_error(L, "writer row: table expected as required");
  for (size_t i = 1; i <= raw_length(L, row + 1); i++) {
    lua_rawgeti(L, row + 1, clamp_to_int(i));
    if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "writer row: string expected as required");
    lua_pop(L, 1);
  }
}

/* If two rows have the same step type, the first one counts. */
void writers_set(lua_State *L, int rows) {
  lua_newtable(L);
  int by_type = lua_gettop(L);
  for (size_t i = raw_length(L, rows); i; i--) {
    lua_rawgeti(L, rows, clamp_to_int(i));
    if (!lua_istable(L, -1)) luaL_error(L, "writer row: table expected as row %d", clamp_to_int(i));
    check_row(L, by_type + 1);
    value_field(L, by_type + 1, "step_type");
    lua_pushvalue(L, by_type + 1);
    lua_rawset(L, by_type);
    lua_settop(L, by_type);
  }
  registry_set(L, &rows_key);
}

int writers_push(lua_State *L) {
  registry_push(L, &rows_key);
  if (lua_isnil(L, -1)) luaL_error(L, "dataworks.core knows no TaskParam writers: require \"dataworks.api.core_data\"");
  return lua_gettop(L);
}

bool writers_find(lua_State *L, int rows, int step_type) {
  if (!rows) return false;
  lua_pushvalue(L, step_type);
  lua_rawget(L, rows);
  if (lua_istable(L, -1)) return true;
  lua_pop(L, 1);
  return false;
}
