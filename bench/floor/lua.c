/* What Lua itself does for a request, whichever library builds the request: it reads tables and makes tables. */
#include "compat.h"
#include "floor.h"

/* Reads each key and each value of the table on top of the stack, and of the tables in it. */
static void read_table(lua_State *L) {
  size_t len;
  luaL_checkstack(L, 4, NULL);
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    if (lua_type(L, -2) == LUA_TSTRING) lua_tolstring(L, -2, &len);
    if (lua_type(L, -1) == LUA_TSTRING) lua_tolstring(L, -1, &len);
    else if (lua_type(L, -1) == LUA_TTABLE) read_table(L);
  }
}

/* read(table, count) -> CPU seconds, wall seconds. Reads all keys and values, and writes nothing. */
int floor_read(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_Integer count = luaL_checkinteger(L, 2);
  lua_settop(L, 1);
  struct usage start = usage_now();
  for (lua_Integer n = 0; n < count; n++) read_table(L);
  return usage_push_since(L, start);
}

/* Makes a list of tables {table = name} of the list of names on top of the stack, and pushes the list. */
static void push_tables(lua_State *L) {
  int names = lua_gettop(L), length = (int)lua_rawlen(L, names);
  lua_pushliteral(L, "table");
  lua_createtable(L, length, 0);
  for (int i = 1; i <= length; i++) {
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, names + 1);
    lua_rawgeti(L, names, i);
    lua_rawset(L, -3);
    lua_rawseti(L, -2, i);
  }
}

/* tables(names, count) -> CPU seconds, wall seconds. Makes a table of each name, and collects the tables. */
int floor_tables(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_Integer count = luaL_checkinteger(L, 2);
  struct usage start = usage_now();
  for (lua_Integer n = 0; n < count; n++) {
    lua_settop(L, 1);
    push_tables(L);
  }
  return usage_push_since(L, start);
}

/* Pushes a copy of the string at `index`, as if it came from C. */
static void push_copy(lua_State *L, int index) {
  size_t len;
  const char *text = lua_tolstring(L, index, &len);
  lua_pushlstring(L, text, len);
}

/* Pushes a table of {method, url, headers, body} from the strings at 1 to 3 and the table of headers at 4. */
static void push_request(lua_State *L, int header_count) {
  static const char *const names[] = { "method", "url", "body" };
  lua_createtable(L, 0, 4);
  for (int i = 0; i < 3; i++) {
    push_copy(L, i + 1);
    lua_setfield(L, -2, names[i]);
  }
  lua_createtable(L, 0, header_count);
  for (lua_pushnil(L); lua_next(L, 4); lua_pop(L, 1)) {
    lua_pushvalue(L, -2);
    push_copy(L, -2);
    lua_rawset(L, -5);
  }
  lua_setfield(L, -2, "headers");
}

/* write(method, url, body, headers, header_count, count) -> CPU seconds, wall seconds. Makes the table of a request,
   and collects it. */
int floor_write(lua_State *L) {
  int header_count = (int)luaL_checkinteger(L, 5);
  lua_Integer count = luaL_checkinteger(L, 6);
  lua_settop(L, 4);
  struct usage start = usage_now();
  for (lua_Integer n = 0; n < count; n++) {
    push_request(L, header_count);
    lua_settop(L, 4);
  }
  return usage_push_since(L, start);
}
