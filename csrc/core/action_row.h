/* Rows of api/actions.lua and its catalog, compiled once into a struct action. Rows are constants: a change after the
   first request has no effect. */
#pragma once

#include "core/action.h"
#include "core/value.h"

#pragma GCC visibility push(hidden)

void action_row_open(lua_State *L);

/* Pushes a value that keeps the action alive. Raises for a row of the wrong shape. `row` is absolute. */
const struct action *action_row_push(lua_State *L, int row);

#pragma GCC visibility pop
