/* Functions that the files of the encoder of Lua values share: the members of an object, and the checks of a script. */
#pragma once

#include "core/json.h"
#include "core/script.h"

#pragma GCC visibility push(hidden)

struct encoder {
  lua_State *L;
  struct script_rules rules;
  struct buffer *out;
  struct buffer *keys;  /* of struct member */
  struct buffer *names; /* copies of keys that are not on the stack */
  int faults;           /* stack index of the list of all faults; 0 if the first fault ends the encoding */
  int reserved;         /* the height up to which the stack has room */
  enum { NOT_ASKED, DOCUMENTED, NOT_DOCUMENTED } documented;
  const void *around[MAX_JSON_DEPTH]; /* the tables around the value */
};

/* A member that its shape does not name. */
struct member {
  struct slice name;
  int value;     /* the stack index of the value, whose key is below it; 0 if the stack has neither */
  int type;      /* of the value */
  size_t offset; /* if `value` is 0, where the name begins in e->names, which can move */
};

/* The members of an object. For each field of the shape, `known` has the stack index of its value, or 0, and `types`
   the type of the value. The other members are in e->keys, sorted, from index `first` up to `end`. */
struct members {
  int known[MAX_SHAPE_FIELDS];
  int types[MAX_SHAPE_FIELDS];
  bool may_nest; /* a value is written as an object or a list, or is not on the stack */
  int top;       /* the height of the stack above the members */
  size_t first;
  size_t end;
};

/* This many slots of the stack are free when a table is encoded. They are reserved in larger portions. A function of
   core.so has as many from Lua. */
#define FREE_SLOTS 20
#define RESERVED_AT_ONCE 40

/* Makes room on the stack, which has the height `top`. */
static inline void reserve_slots(struct encoder *e, int top) {
  if (e->reserved - top >= FREE_SLOTS) return;
  reserve_stack(e->L, RESERVED_AT_ONCE);
  e->reserved = top + RESERVED_AT_ONCE;
}

/* task_members.c. Collects the members of the table at `index`, and leaves their keys and values on the stack. A
   member that has no room there must be read again by its name. On failure pushes an error and returns false. */
bool members_collect(struct encoder *e, int index, const struct shape *shape, const struct path *path,
                     struct members *m);

/* task_check.c. Called after a check failed and pushed an error. If all faults are wanted, stores the error, restores
   the stack to `top` and returns true, so that the encoding goes on behind the refused value. */
bool keep_fault(struct encoder *e, int top);

/* Returns whether the kind of the field decides what its table is, and not the table itself. */
static inline bool is_strict(const struct encoder *e, const struct field *field) {
  return e->rules.check != SCRIPT_ANY && field->kind >= OBJECT;
}

/* Returns whether a value of this type certainly has the kind that its field demands. This check is fast. */
static inline bool is_of_kind(int type, const struct field *field) {
  return field->kind <= EMPTY_LIST || (field->kind == STRING && type == LUA_TSTRING) ||
         (field->kind >= OBJECT && type == LUA_TTABLE);
}

/* Checks that the value has the kind that its field demands. `type` is LUA_TNIL for any null. Called only for a script
   that is checked by rules. On failure pushes an error and returns false. */
bool check_kind(struct encoder *e, int index, int type, const struct field *field, const struct path *path);

/* Checks that the mark of a table does not contradict the kind of its field. On failure pushes an error and returns
   false. */
bool check_mark(const struct encoder *e, int index, const struct field *field, enum value_mark mark,
                const struct path *path);

/* Checks an object by the rules of its shape. On failure pushes an error and returns false. */
bool check_shape(struct encoder *e, const struct shape *shape, const struct members *m, const struct path *path);

#pragma GCC visibility pop
