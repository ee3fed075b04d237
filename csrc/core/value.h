/* Reads and checks Lua values, and creates errors that name a wrong value by its path. */
#pragma once

#include "compat.h"
#include "shared/buffer.h"

#include <stdint.h>

#pragma GCC visibility push(hidden)

/* The path from a parameter to a value inside it, as a chain from the value up to the parameter. Each element is a
   name, or an index that counts from 1. */
struct path {
  const struct path *up;
  struct slice name;
  size_t index; /* 0 if the element is a name */
  int depth;    /* the number of tables around the value, if they are encoded */
};

/* Pushes the error {kind = "invalid", path = ..., message = ...} and returns false. The path may be NULL. Takes a
   format of lua_pushfstring. */
bool value_fail(lua_State *L, const struct path *path, const char *format, ...);

/* Adds a name to the field `known` of the error on top of the stack. util/nearest.lua suggests one of these names
   instead of the refused one. */
void value_add_known(lua_State *L, struct slice name);

/* Inserts nil below the error on top of the stack. Returns 2, the number of results. */
int value_nil_and_error(lua_State *L);

/* value_mark.c. Returns whether the value is nil, or stands for JSON's null here, in lua-cjson, in nginx or in dkjson. */
bool value_is_null(lua_State *L, int index);

/* Returns whether the value is the empty_array of OpenResty's lua-cjson. */
bool value_is_empty_array(lua_State *L, int index);

/* What the metatable of a table says about its JSON. */
enum value_mark {
  UNMARKED,
  MARKED_LIST,        /* by dataworks.list, or by the array_mt of OpenResty's lua-cjson */
  MARKED_EMPTY_LIST,  /* a list if it is empty: by that library's empty_array_mt, or by the __jsontype of dkjson */
  MARKED_EMPTY_OBJECT /* an object if it is empty: by dataworks.decode, or by the __jsontype of dkjson */
};

enum value_mark value_mark(lua_State *L, int table);

/* Returns whether the value is a cdata of LuaJIT. */
bool value_is_cdata(lua_State *L, int index);

/* Returns the name of the value's type; "null" for JSON's null. */
const char *value_type_name(lua_State *L, int index);

/* Pushes and returns a description of a wrong value for a message: a text in quotes or the digits of a long integer,
   both cut if they are long, or the type. */
const char *value_push_shown(lua_State *L, int index);

/* Returns the string at `index`. For any other value, numbers included, `data` is NULL. */
struct slice value_text(lua_State *L, int index);

/* value_check_size checks that a text is small enough for a request. value_check_utf8 also checks that the text is
   UTF-8. On failure both functions push an error and return false. */
bool value_check_size(lua_State *L, struct slice text, const struct path *path);
bool value_check_utf8(lua_State *L, struct slice text, const struct path *path);

/* Returns whether the first key that lua_next finds is a number. */
bool value_has_number_key_first(lua_State *L, int index);

/* Checks that the keys of a table are the whole numbers from 1 to its length, which is stored in `length`. On failure
   pushes an error and returns false. */
bool value_check_list(lua_State *L, int list, const struct path *path, size_t *length);

/* Checks that a table does not contain itself and is not nested too deeply. `around` has the tables around it, and then
   the table too; it has MAX_JSON_DEPTH elements. On failure pushes an error and returns false. */
bool value_check_nesting(lua_State *L, const void *around[], const void *table, const struct path *path);

/* Checks the state of a buffer after text was written to it. Raises if there was no memory. If the text is too
   large, pushes an error and returns false. */
bool value_check_written(lua_State *L, enum buffer_state state, const struct path *path);

/* Pushes table[name] without calling metamethods. */
void value_field(lua_State *L, int table, const char *name);

/* lua_integer.c. Pushes an integer without loss: as a number if the numbers of this Lua hold it, else as an int64 cdata
   of LuaJIT or as a userdata with the digits. value_push_digits always pushes such a userdata. */
void value_push_integer(lua_State *L, int64_t value);
void value_push_digits(lua_State *L, struct slice digits);

/* Returns the digits of a userdata that value_push_digits pushed. For any other value, `data` is NULL. */
struct slice value_digits(lua_State *L, int index);

/* Returns whether the value is an integer that Lua's numbers don't hold: a cdata, or a userdata with digits. */
bool value_is_long_integer(lua_State *L, int index);

/* Reads an integer from a Lua integer, an integral float small enough to be exact, a decimal string, or an integer that
   Lua's numbers don't hold. On failure pushes an error and returns false. */
bool value_integer(lua_State *L, int index, const struct path *path, long long *value);

/* Moves the string on top of the stack to the end of the list at index `list`, which keeps the string in memory. */
struct slice value_keep(lua_State *L, int list);

/* Pushes the value that registry_set stored in the registry. The key is an address. */
void registry_push(lua_State *L, const void *key);

/* Pops a value and stores it in the registry. */
void registry_set(lua_State *L, const void *key);

#pragma GCC visibility pop
