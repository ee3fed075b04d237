/* Lua tables to JSON text, for TaskParam, TaskContent and every other parameter that is JSON. One table of fields
   says which keys come first, which are lists, and what the checks demand. */
#ifndef DATAWORKS_TASK_H
#define DATAWORKS_TASK_H

#include "buffer.h"
#include "compat.h"

#pragma GCC visibility push(hidden)

/* What is demanded besides being JSON. */
enum task_check {
  TASK_ANY,      /* nothing: TaskContent, StartParam, ... */
  TASK_CREATING, /* the TaskParam of GenerateDISyncTaskConfigForCreating */
  TASK_UPDATING  /* the TaskParam of GenerateDISyncTaskConfigForUpdating */
};

/* Metatable of tables made with dataworks.list. */
#define TASK_LIST "dataworks.list"

/* One step of the way from the parameter to a value, for errors. An index counts from 1; 0 means a name. */
struct path {
  const struct path *up;
  const void *table;
  struct slice name;
  size_t index;
};

/* Pushes {kind = "invalid", path = ..., message = ...} and returns false. The format is lua_pushfstring's. */
bool task_fail(lua_State *L, const struct path *path, const char *format, ...);

/* Appends the value at `index` (absolute) to `out` as JSON. Keys are sorted with the help of `keys`.
   On failure pushes an error. Uses raw access only: no metamethod runs. */
bool task_encode(lua_State *L, int index, enum task_check check, const struct path *path, struct buffer *out,
                 struct buffer *keys);

/* Reads the decimal int64 at `index`: integer, integral float, decimal string or LuaJIT cdata. On failure pushes
   an error. */
bool task_integer(lua_State *L, int index, const struct path *path, long long *value);

#pragma GCC visibility pop

#endif
