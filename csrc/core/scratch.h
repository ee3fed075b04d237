/* Memory that the requests of one Lua state share, so that a request seldom allocates. */
#pragma once

#include "shared/buffer.h"

#pragma GCC visibility push(hidden)

#define SCRATCH_BUFFERS 13

struct scratch {
  bool taken; /* while a request is built: a finalizer that runs meanwhile may build another one */
  union {
    struct {
      struct buffer text;   /* values that had to be written: numbers, JSON */
      struct buffer keys;   /* of the objects that are being encoded */
      struct buffer names;  /* texts of these keys */
      struct buffer values; /* of struct wire_param */
      struct buffer pairs;  /* of struct pair, for query and form */
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

/* The first failure of a buffer. */
enum buffer_state scratch_state(const struct scratch *s);

void scratch_reset(struct scratch *s);
void scratch_wipe(struct scratch *s);

#pragma GCC visibility pop
