/* A list as parameters of its own, Columns.1.ColumnName and so on: the way of parameters that are neither plain nor
   JSON text. */
#ifndef DATAWORKS_FLAT_H
#define DATAWORKS_FLAT_H

#include "core/param.h"

#pragma GCC visibility push(hidden)

/* Appends to `values` one copy of `like` for each plain value in the table at `index` (absolute), with its name and its
   text written to `text`. Nulls are left out, and keep their number. Raw access only. On failure pushes an error. */
bool flat_collect(lua_State *L, int index, const struct path *path, const struct param_value *like,
                  struct buffer *values, struct buffer *text);

#pragma GCC visibility pop

#endif
