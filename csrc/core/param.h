/* Turns a table of parameters into the names and values that are sent. */
#pragma once

#include "core/action.h"
#include "core/scratch.h"
#include "core/value.h"

#pragma GCC visibility push(hidden)

/* Checks the table at `params` (absolute) against the action. Appends a struct wire_param for each value to s->values,
   in the action's order. The texts point into s->text, or into Lua strings that this function leaves on the stack, at
   most MAX_PARAMS of them. Scripts are only encoded if `unchecked` is true, and checked otherwise. On failure pushes an
   error and returns false. */
bool param_collect(lua_State *L, struct scratch *s, const struct action *action, int params, bool unchecked);

/* Collects a list that is sent as one parameter for each value in it: Columns.1.ColumnName, Columns.2.ColumnName and so
   on. For each string, number or boolean inside the table at `index` (absolute), appends a copy of `prototype` to
   s->values, and writes its name and text to s->text. A null is not sent, but keeps its number in the list. On failure
   pushes an error and returns false. */
bool repeat_list_collect(lua_State *L, struct scratch *s, int index, const struct path *path,
                         const struct wire_param *prototype);

/* Converts a list to one text with commas between its values, or checks a text that is one already. Either sets `out`,
   or writes to s->text. On failure pushes an error and returns false. */
bool comma_list_convert(lua_State *L, struct scratch *s, int index, const struct param *param, const struct path *path,
                        struct slice *out);

/* Appends a string, number or boolean to `out` as it is sent outside of JSON. On failure pushes an error and returns
   false. */
bool param_write_scalar(lua_State *L, struct buffer *out, int index, const struct path *path);

#pragma GCC visibility pop
