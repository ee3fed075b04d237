/* An action as the core sees it: its parameters, and their values on the wire. */
#pragma once

#include "shared/buffer.h"

#pragma GCC visibility push(hidden)

/* Parameters of one action. */
#define MAX_PARAMS 128

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
  const struct slice *values; /* that are allowed */
  size_t value_count;         /* 0: any value is allowed */
};

struct action {
  struct slice name;
  struct slice version;
  struct slice method;
  const struct param *params;
  size_t param_count;
};

/* A name and a value as they are sent. While the buffer of texts can still move, `data` of a text in it is NULL and the
   offset says where it begins. */
struct wire_param {
  struct slice name;
  struct slice text;
  size_t name_offset;
  size_t text_offset;
  size_t param; /* index of its parameter in the action */
  bool in_body;
};

#pragma GCC visibility pop
