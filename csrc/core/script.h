/* The documented scripts as data: which fields an object has, in which order, which are lists, which must be there;
   and the checks that take more than one field to make. */
#ifndef DATAWORKS_SCRIPT_H
#define DATAWORKS_SCRIPT_H

#include "core/value.h"

#pragma GCC visibility push(hidden)

/* What is demanded besides being JSON. */
enum script_check {
  SCRIPT_ANY,      /* nothing: TaskContent, StartParam, ... */
  SCRIPT_CREATING, /* the TaskParam of GenerateDISyncTaskConfigForCreating */
  SCRIPT_UPDATING  /* the TaskParam of GenerateDISyncTaskConfigForUpdating */
};

enum kind { ANY, STRING, NUMBER, OBJECT, LIST };

#define IN(check) (1u << (check))

struct shape;

/* `item` and `shape` tell of a list's items; `shape` of an object. `required`: a bit for each check it must be there in. */
struct field {
  struct slice name;
  enum kind kind;
  unsigned required;
  enum kind item;
  const struct shape *shape;
};

#define SHAPE_FIELD_LIMIT 8

/* `check` looks at an object whose required fields are there; on failure it pushes an error. */
struct shape {
  const struct field *fields;
  size_t count;
  bool (*check)(lua_State *L, enum script_check check, int index, const struct path *path);
};

/* A whole script. */
extern const struct field script_root;

#pragma GCC visibility pop

#endif
