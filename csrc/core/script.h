/* The documented scripts as data: which fields an object has, in which order, which are lists, which are required; and
   the checks that need more than one field. */
#pragma once

#include "core/writers.h"

#pragma GCC visibility push(hidden)

/* What a script must satisfy besides being JSON. */
enum script_check {
  SCRIPT_ANY,      /* nothing: TaskContent, StartParam, ... */
  SCRIPT_CREATING, /* the TaskParam of GenerateDISyncTaskConfigForCreating */
  SCRIPT_UPDATING  /* the TaskParam of GenerateDISyncTaskConfigForUpdating */
};

enum kind { ANY, STRING, NUMBER, OBJECT, LIST };

#define IN(check) (1u << (check))

struct script_rules {
  enum script_check check;
  const struct writers *writers; /* for SCRIPT_CREATING */
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

#pragma GCC visibility pop
