/* Integers that the numbers of this Lua can't hold. On LuaJIT these are int64 cdata, up to 64 bits. All others are
   userdata that hold the digits. */
#include "core/core.h"
#include "core/json.h"
#include "core/value.h"

#define LONG_INTEGER "dataworks.integer"

/* The address of this variable is a key of the registry. Its value is a function of LuaJIT that makes an int64. */
static const char int64_key = 'i';

struct slice value_digits(lua_State *L, int index) {
  struct slice digits = { NULL, 0 };
  if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index)) return digits;
  luaL_getmetatable(L, LONG_INTEGER);
  if (lua_rawequal(L, -1, -2)) digits = (struct slice){ lua_touserdata(L, index), raw_length(L, index) };
  lua_pop(L, 2);
  return digits;
}

bool value_is_long_integer(lua_State *L, int index) {
  return value_is_cdata(L, index) || value_digits(L, index).data;
}

static int integer_tostring(lua_State *L) {
  struct slice digits = value_digits(L, 1);
  luaL_argcheck(L, digits.data, 1, LONG_INTEGER " expected");
  lua_pushlstring(L, digits.data, digits.len);
  return 1;
}

static int integer_eq(lua_State *L) {
  struct slice left = value_digits(L, 1), right = value_digits(L, 2);
  lua_pushboolean(L, left.data && right.data && slice_equal(left, right));
  return 1;
}

void core_create_integer_class(lua_State *L) {
  static const luaL_Reg metamethods[] = { { "__tostring", integer_tostring }, { "__eq", integer_eq }, { NULL, NULL } };
  new_class(L, LONG_INTEGER, metamethods, NULL);
#if LUA_VERSION_NUM < 503
  /* Only LuaJIT with its FFI knows such a number. */
  if (luaL_loadstring(L, "local high, low = ... return high * 4294967296LL + low")) lua_pop(L, 1);
  else registry_set(L, &int64_key);
#endif
}

void value_push_digits(lua_State *L, struct slice digits) {
  memcpy(lua_newuserdata(L, digits.len), digits.data, digits.len);
  luaL_setmetatable(L, LONG_INTEGER);
}

#if LUA_VERSION_NUM >= 503

void value_push_integer(lua_State *L, int64_t value) {
  (void)int64_key;
  lua_pushinteger(L, (lua_Integer)value);
}

#else

void value_push_integer(lua_State *L, int64_t value) {
  char text[JSON_NUMBER_SIZE];
  if (value >= -MAX_SAFE_INTEGER && value <= MAX_SAFE_INTEGER) {
    lua_pushnumber(L, (lua_Number)value);
    return;
  }
  registry_push(L, &int64_key);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    value_push_digits(L, (struct slice){ text, json_format_integer(text, value) });
    return;
  }
  lua_pushnumber(L, (lua_Number)(value >> 32));
  lua_pushnumber(L, (lua_Number)(value & 0xffffffff));
  lua_call(L, 2, 1);
}

#endif
