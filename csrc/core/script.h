/* Describes the documented scripts as data: the fields of each object, their order, and which of them are lists or
   required. Also has the checks that compare several fields. */
#pragma once

#include "core/scratch.h"
#include "core/value.h"

#pragma GCC visibility push(hidden)

/* The rules by which a script is checked. */
enum script_check {
  SCRIPT_ANY,      /* no rules; for TaskContent, StartParam and others */
  SCRIPT_CREATING, /* the TaskParam of GenerateDISyncTaskConfigForCreating */
  SCRIPT_UPDATING  /* the TaskParam of GenerateDISyncTaskConfigForUpdating */
};

/* A field of the kind EMPTY_LIST may have any value, but an empty table is a list. */
enum kind { ANY, EMPTY_LIST, STRING, NUMBER, OBJECT, LIST };

#define CHECK_BIT(check) (1u << (check))

struct script_rules {
  enum script_check check;
  int script;  /* stack index of the whole script */
  int writers; /* stack index of the writers' rows by their step types */
};

struct shape;

/* A field of an object. `key` is the name as JSON writes it, with the colon. In a list, `item` is the kind of the items and `shape` describes the items that are objects. In
   an object, `shape` describes the object. `required` has a bit for each enum script_check that requires the field. */
struct field {
  struct slice name;
  struct slice key;
  enum kind kind;
  unsigned required;
  enum kind item;
  const struct shape *shape;
};

#define FIELD(name, kind, required, item, shape) \
  { SLICE_INIT(name), SLICE_INIT("\"" name "\":"), kind, required, item, shape }

#define MAX_SHAPE_FIELDS 8

/* The fields of an object. If it is closed, a documented script has no other fields there. `check`, if not NULL, checks
   an object that has all required fields; `known` has the stack index of each field's value, or 0. On failure it pushes
   an error and returns false. */
struct shape {
  bool is_closed;
  const struct field *fields;
  size_t count;
  bool (*check)(lua_State *L, const struct script_rules *rules, const int known[], const struct path *path);
};

/* Describes a whole script. */
extern const struct field script_root;

/* Returns whether the steps of the script are those of a documented one, so that other keys than the known ones are
   mistakes. A step without a stepType counts as documented. */
bool script_is_documented(lua_State *L, const struct script_rules *rules);

/* Stores the list of writers' rows at `index`, which comes from api/writers.lua. Raises for rows of the wrong shape. */
void writers_set(lua_State *L, int index);

/* Pushes the stored rows and returns their stack index. Raises if writers_set was not called before. */
int writers_push(lua_State *L);

/* Pushes the row of the step type at the stack index `step_type` and returns true. If there is no such row, pushes
   nothing and returns false. */
bool writers_find(lua_State *L, int rows, int step_type);

/* task_param.c. Encodes Lua tables as JSON. The structs above decide which keys come first, which tables are lists,
   and which fields are required. */

/* The names of the metatables of lists, which dataworks.list sets, and of decoded objects that are empty. */
#define TASK_LIST "dataworks.list"
#define TASK_OBJECT "dataworks.object"

/* Appends the value at `index` (absolute) to s->text as JSON. On failure pushes an error and returns false. Calls no
   metamethod except the __tostring of a 64-bit cdata. */
bool task_encode(lua_State *L, struct scratch *s, int index, enum script_check check, const struct path *path);

/* Pushes a list of the errors of all faults of the value at `index`, at most 100. */
void task_find_faults(lua_State *L, struct scratch *s, int index, enum script_check check, const struct path *path);

/* Does the same as task_encode for a table that must be a list. Encodes an empty table as an empty list. */
bool task_encode_list(lua_State *L, struct scratch *s, int index, const struct path *path);

#pragma GCC visibility pop
