/* The TaskParam writers of api/writers.lua, as far as the check of a script needs them. */
#pragma once

#include "core/value.h"

#pragma GCC visibility push(hidden)

struct writer {
  struct slice step_type;
  struct slice task_type;       /* that belongs to it */
  const struct slice *required; /* fields of the step's parameter */
  size_t required_count;
};

struct writers {
  size_t count;
  const struct writer *list;
};

/* Compiles the list of rows at `index` and keeps it. Raises for rows of the wrong shape. */
void writers_set(lua_State *L, int index);

/* Pushes a value that keeps the writers alive. Raises before writers_set. */
const struct writers *writers_push(lua_State *L);

/* NULL: the step type has no row. */
const struct writer *writers_find(const struct writers *writers, struct slice step_type);

#pragma GCC visibility pop
