/* Builds Lua values from JSON texts. */
#pragma once

#include "compat.h"
#include "core/json.h"
#include "core/value.h"

#pragma GCC visibility push(hidden)

/* What a text is decoded for. */
enum json_use {
  JSON_EXACT,  /* to be encoded again: nulls, and integers of any size, stay exact */
  JSON_UNIQUE, /* as JSON_EXACT, from a file that people write: a key that an object has twice is an error */
  JSON_REPLY   /* to be read by a program: without null members; integers that Lua doesn't have are decimal text */
};

/* Pushes the value of the text. Lists are marked as dataworks.list marks them. If the text is not JSON, or its value
   would be too large, returns false and fills in `error`. Raises if there was no memory. The text must stay in memory.
   `unescaped` must be in no other use. */
bool json_push(lua_State *L, struct slice text, enum json_use use, struct buffer *unescaped, struct json_error *error);

/* Pushes the error {kind = "invalid", path, message, byte, line, column} about a text that json_push or json_check
   refused, and returns false. The path may be NULL. */
bool json_fail(lua_State *L, const struct path *path, struct slice text, struct json_error error);

/* Adds a place to the error on top of the stack: to its message, and as its fields byte, line and column. */
void json_add_place(lua_State *L, struct slice text, size_t offset);

#pragma GCC visibility pop
