/* The parameters of an action: what each is, and its value as text. */
#ifndef DATAWORKS_PARAM_H
#define DATAWORKS_PARAM_H

#include "core/value.h"

#pragma GCC visibility push(hidden)

/* Parameters of one action, and the values that all of its enumerated ones may take. */
#define PARAM_LIMIT 128
#define PARAM_VALUE_LIMIT 256

enum param_type {
  PARAM_LONG,
  PARAM_INT32,
  PARAM_DOUBLE,
  PARAM_STRING,
  PARAM_BOOLEAN,
  PARAM_JSON,
  PARAM_ARRAY,    /* JSON too, a list */
  PARAM_CREATING, /* JSON too, checked as the script of an action */
  PARAM_UPDATING,
  PARAM_LIST, /* a parameter for each value inside: Name.1.Field */
  PARAM_TYPES
};

struct param {
  struct slice name;
  enum param_type type;
  bool in_body;
  bool required;
  /* The allowed values, ending with a NULL; or NULL when any will do. */
  const char *const *values;
};

struct action {
  struct slice name;
  struct slice version;
  struct slice method;
  const struct param *params;
  size_t param_count;
};

struct param_value {
  struct slice name;
  struct slice text;
  /* Where they begin in the buffer of texts, while that may still move: data is NULL then. */
  size_t name_at;
  size_t text_at;
  size_t param; /* the place of its parameter in the action */
  bool in_body;
};

/* Checks the table at `params` (absolute) against the action and appends a struct param_value for each value to
   `values`, in the action's order. Texts point into `text`, or into Lua strings that stay on the stack: up to
   PARAM_LIMIT. `keys` helps to sort. On failure pushes an error; that of an unknown name has a field `unknown`. */
bool param_collect(lua_State *L, const struct action *action, int params, struct buffer *values, struct buffer *text,
                   struct buffer *keys);

#pragma GCC visibility pop

#endif
