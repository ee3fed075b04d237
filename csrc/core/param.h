/* From a table of parameters to names and values on the wire. */
#pragma once

#include "core/action.h"
#include "core/scratch.h"
#include "core/value.h"

#pragma GCC visibility push(hidden)

/* Checks the table at `params` (absolute) against the action and appends a struct wire_param for each value to
   s->values, in the action's order. Texts point into s->text, or into Lua strings that stay on the stack: at most
   MAX_PARAMS. On failure pushes an error; the error of an unknown name has a field `unknown`. */
bool param_collect(lua_State *L, struct scratch *s, const struct action *action, int params);

/* For a list that is sent as one parameter for each value in it: Columns.1.ColumnName, Columns.2.ColumnName and so on.
   Appends to s->values a copy of `prototype` for each plain value in the table at `index` (absolute), with name and
   text written to s->text. A null is left out, but counts. On failure pushes an error. */
bool repeat_list_collect(lua_State *L, struct scratch *s, int index, const struct path *path,
                         const struct wire_param *prototype);

#pragma GCC visibility pop
