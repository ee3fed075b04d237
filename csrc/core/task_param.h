/* Lua tables to JSON text, for TaskParam, TaskContent and every other parameter that is JSON. The fields of script.h say
   which keys come first, which are lists, and which are required. */
#pragma once

#include "core/scratch.h"
#include "core/script.h"

#pragma GCC visibility push(hidden)

/* Metatable of tables made with dataworks.list. */
#define TASK_LIST "dataworks.list"

/* Appends the value at `index` (absolute) to s->text as JSON. On failure pushes an error. No metamethod runs, but for the
   __tostring of a 64-bit cdata. */
bool task_encode(lua_State *L, struct scratch *s, int index, enum script_check check, const struct path *path);

/* The same for a value that must be a list, such as an empty table. */
bool task_encode_list(lua_State *L, struct scratch *s, int index, const struct path *path);

#pragma GCC visibility pop
