/* A signed request, as dataworks.core hands it to dataworks.curl: one userdata that holds all bytes of the request. */
#pragma once

#include "shared/buffer.h"

#pragma GCC visibility push(hidden)

/* The name of the metatable, which dataworks.core creates. The number changes with the layout of the struct, because a
   program that runs during an update can load a dataworks.curl that is newer than its dataworks.core. */
#define SIGNED_REQUEST "dataworks.signed_request 1"

#define MAX_SIGNED_HEADERS 16

struct signed_request {
  struct slice method;
  struct slice url; /* ends with a NUL, which its length does not count */
  struct slice body;
  struct pair headers[MAX_SIGNED_HEADERS]; /* the names are string literals of dataworks.core */
  size_t header_count;
};

#pragma GCC visibility pop
