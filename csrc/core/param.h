/* From a table of parameters to names and values on the wire. */
#ifndef DATAWORKS_PARAM_H
#define DATAWORKS_PARAM_H

#include "core/action.h"
#include "core/value.h"

#pragma GCC visibility push(hidden)

/* Checks the table at `params` (absolute) against the action and appends a struct wire_param for each value to
   `values`, in the action's order. Texts point into `text`, or into Lua strings that stay on the stack: at most
   MAX_PARAMS. `keys` is memory for sorting. On failure pushes an error; the error of an unknown name has a field
   `unknown`. */
bool param_collect(lua_State *L, const struct action *action, int params, struct buffer *values, struct buffer *text,
                   struct buffer *keys);

#pragma GCC visibility pop

#endif
