/* The documented scripts as data: which fields an object has, in which order, which are lists, which are required; and
   the checks that need more than one field. */
#pragma once

#include "core/scratch.h"
#include "core/value.h"

#pragma GCC visibility push(hidden)

/* What a script must satisfy besides being JSON. */
enum script_check {
  SCRIPT_ANY,      /* nothing: TaskContent, StartParam, ... */
  SCRIPT_CREATING, /* the TaskParam of GenerateDISyncTaskConfigForCreating */
  SCRIPT_UPDATING  /* the TaskParam of GenerateDISyncTaskConfigForUpdating */
};

enum kind { ANY, STRING, NUMBER, OBJECT, LIST };

#define CHECK_BIT(check) (1u << (check))

struct script_rules {
  enum script_check check;
  int writers; /* for SCRIPT_CREATING: the stack index of their rows */
};

struct shape;

/* `item` and `shape` describe the items of a list, `shape` an object. `required` has a bit for each check that requires
   the field. */
struct field {
  struct slice name;
  enum kind kind;
  unsigned required;
  enum kind item;
  const struct shape *shape;
};

#define MAX_SHAPE_FIELDS 8

/* `check` gets an object that has its required fields; on failure it pushes an error. */
struct shape {
  const struct field *fields;
  size_t count;
  bool (*check)(lua_State *L, const struct script_rules *rules, int index, const struct path *path);
};

/* A whole script. */
extern const struct field script_root;

/* The TaskParam writers of api/writers.lua: a list of rows. writers_set checks it and keeps it, and raises for rows of
   the wrong shape. */
void writers_set(lua_State *L, int index);

/* Pushes the rows and returns their index. Raises before writers_set. */
int writers_push(lua_State *L);

/* Pushes the row of a step type. False: there is none, and nothing is pushed. */
bool writers_find(lua_State *L, int rows, struct slice step_type);

/* task_param.c. Lua tables become JSON: the fields say which keys come first, which are lists, and which are required.
   */

/* Metatable of tables made with dataworks.list. */
#define TASK_LIST "dataworks.list"

/* Appends the value at `index` (absolute) to s->text as JSON. On failure pushes an error. No metamethod runs, but for
   the __tostring of a 64-bit cdata. */
bool task_encode(lua_State *L, struct scratch *s, int index, enum script_check check, const struct path *path);

/* The same for a value that must be a list, such as an empty table. */
bool task_encode_list(lua_State *L, struct scratch *s, int index, const struct path *path);

#pragma GCC visibility pop
