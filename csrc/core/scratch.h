/* A scratch is memory that all requests of one Lua state use, one after the other, so that few requests allocate
   memory. */
#pragma once

#include "shared/buffer.h"

#pragma GCC visibility push(hidden)

#define SCRATCH_BUFFERS 14

struct scratch {
  bool taken; /* true while a request is built; meanwhile a finalizer may build another one */
  union {
    struct {
      struct buffer text;      /* the values whose text differs from the Lua value, such as numbers and JSON */
      struct buffer keys;      /* of the objects that are being encoded */
      struct buffer names;     /* texts of these keys */
      struct buffer values;    /* of struct wire_param */
      struct buffer unescaped; /* a string of a JSON text that is being read */
      struct buffer pairs;     /* of struct pair, for query and form */
      struct buffer token;
      struct buffer canonical_query;
      struct buffer url;
      struct buffer body;
      struct buffer canonical_request;
      struct buffer string_to_sign;
      struct buffer signature;
      struct buffer authorization;
    };
    struct buffer all[SCRATCH_BUFFERS];
  };
};

/* Returns the state of the first buffer that failed, or BUFFER_OK. */
enum buffer_state scratch_state(const struct scratch *s);

/* Empties all buffers, and keeps small blocks for reuse. */
void scratch_reset(struct scratch *s);

/* Overwrites and frees all buffers. */
void scratch_wipe(struct scratch *s);

#pragma GCC visibility pop
