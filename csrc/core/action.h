/* An action of the service: its parameters, and their values as they are sent. */
#pragma once

#include "shared/buffer.h"

#pragma GCC visibility push(hidden)

/* The maximum number of parameters of one action. */
#define MAX_PARAMS 128

enum param_type {
  PARAM_LONG,
  PARAM_INT32,
  PARAM_DOUBLE,
  PARAM_STRING,
  PARAM_BOOLEAN,
  PARAM_JSON,
  PARAM_ARRAY,    /* a list, sent as JSON */
  PARAM_CREATING, /* a script, sent as JSON and checked as SCRIPT_CREATING */
  PARAM_UPDATING, /* a script, sent as JSON and checked as SCRIPT_UPDATING */
  PARAM_COMMA,    /* a list, sent as one text with commas between the values */
  PARAM_LIST,     /* a list, sent as one parameter for each value, such as Name.1.Field */
  PARAM_TYPES
};

struct param {
  struct slice name;
  enum param_type type;
  bool in_body;
  bool required;
  const struct slice *values; /* the allowed values */
  size_t value_count;         /* 0 means that any value is allowed */
};

struct action {
  struct slice name;
  struct slice version;
  struct slice method;
  const struct param *params;
  size_t param_count;
};

/* A name and a value as they are sent. Each of these two slices can be in the buffer scratch.text. While this buffer
   can still grow and move, such a slice has `data` NULL, and the offset says where its text begins. */
struct wire_param {
  struct slice name;
  struct slice text;
  size_t name_offset;
  size_t text_offset;
  size_t param; /* the index of the parameter in the action */
  bool in_body;
};

#pragma GCC visibility pop
