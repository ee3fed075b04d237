/* Access to Lua values, and the error that names the wrong one. */
#pragma once

#include "compat.h"
#include "shared/buffer.h"

#pragma GCC visibility push(hidden)

/* One step on the way from a parameter to a value. An index counts from 1; 0 means a name. */
struct path {
  const struct path *up;
  const void *table; /* the table that holds the value: an ancestor found again is a cycle */
  struct slice name;
  size_t index;
};

/* Pushes {kind = "invalid", path = ..., message = ...} and returns false. The format is lua_pushfstring's. */
bool value_fail(lua_State *L, const struct path *path, const char *format, ...);

/* Puts nil under the error on top, so that both can be returned. */
int value_nil_and_error(lua_State *L);

/* nil, or the light userdata that means JSON's null here and in lua-cjson. */
bool value_is_null(lua_State *L, int index);

/* LuaJIT's boxed C values. */
bool value_is_cdata(lua_State *L, int index);

const char *value_type_name(lua_State *L, int index);

/* The string at `index`, not converted; NULL for anything else. */
struct slice value_text(lua_State *L, int index);

/* Both check a text before work on it begins, and push an error on failure: it is small enough for a request; it is UTF-8
   as well. */
bool value_check_size(lua_State *L, struct slice text, const struct path *path);
bool value_check_utf8(lua_State *L, struct slice text, const struct path *path);

/* Checks a table at `path` before its values: it is no ancestor of its own, and not too deep. On failure pushes an error. */
bool value_check_nesting(lua_State *L, const void *table, const struct path *path, int depth);

/* Checks what was written. Raises when memory ran out; pushes an error when it is too large. */
bool value_check_written(lua_State *L, enum buffer_state state, const struct path *path);

/* Pushes table[name] without metamethods. */
void value_field(lua_State *L, int table, const char *name);

/* Integer, integral float that is exact, decimal string, or LuaJIT's 64-bit cdata. On failure pushes an error. */
bool value_integer(lua_State *L, int index, const struct path *path, long long *value);

/* Moves the string on top of the stack to the end of the list, which keeps it alive. */
struct slice value_keep(lua_State *L, int list);

/* A place in the registry, named by an address. */
void registry_push(lua_State *L, const void *key);

/* Pops the value. */
void registry_set(lua_State *L, const void *key);

#pragma GCC visibility pop
