/* dataworks.encode and dataworks.decode. They are C functions, because the interpreter takes a fifth of the time of a
   short text for a wrapper. Lua checks unusual arguments and creates errors. */
#include "core/core.h"

enum { CHECK = 2, EXPLAIN };

/* Calls the function in an upvalue with the first argument and the value on top of the stack, and puts the result in
   place of this value. */
static void apply(lua_State *L, int upvalue) {
  lua_pushvalue(L, lua_upvalueindex(upvalue));
  lua_insert(L, -2);
  lua_pushvalue(L, 1);
  lua_insert(L, -2);
  lua_call(L, 2, 1);
}

static int finish(lua_State *L, int results) {
  if (results == 2) apply(L, EXPLAIN);
  return results;
}

static int encode(lua_State *L) {
  lua_settop(L, 2);
  if (!lua_isnil(L, 2)) apply(L, CHECK);
  return finish(L, core_encode(L));
}

static int decode(lua_State *L) {
  lua_settop(L, 1);
  if (lua_type(L, 1) != LUA_TSTRING) {
    lua_pushnil(L);
    apply(L, CHECK);
  }
  return finish(L, core_decode(L));
}

/* Upvalue 1 is the scratch, as in each function of the module. */
static int push_public(lua_State *L, lua_CFunction function) {
  lua_settop(L, 2);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_pushcclosure(L, function, EXPLAIN);
  return 1;
}

/* encoder(check, explain) -> function(value [, options]) -> text | nil, err. check(value, options) returns whether the
   value is not checked as a script. explain(value, err) returns the error for an error of core.encode. */
int core_encoder(lua_State *L) {
  return push_public(L, encode);
}

/* decoder(check, explain) -> function(text) -> value | nil, err. check(text) raises; the text is not a string.
   explain(text, err) returns the error for an error of core.decode. */
int core_decoder(lua_State *L) {
  return push_public(L, decode);
}
