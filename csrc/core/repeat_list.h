/* A list sent as one parameter for each value in it: Columns.1.ColumnName, Columns.2.ColumnName and so on. */
#ifndef DATAWORKS_REPEAT_LIST_H
#define DATAWORKS_REPEAT_LIST_H

#include "core/param.h"

#pragma GCC visibility push(hidden)

/* Appends to `values` a copy of `prototype` for each plain value in the table at `index` (absolute), with name and text
   written to `text`. A null is left out, but counts. No metamethod runs. On failure pushes an error. */
bool repeat_list_collect(lua_State *L, int index, const struct path *path, const struct wire_param *prototype,
                         struct buffer *values, struct buffer *text);

#pragma GCC visibility pop

#endif
