/* A reply as it arrives, in bounded memory: the callbacks that libcurl calls. */
#pragma once

#include "shared/buffer.h"

#pragma GCC visibility push(hidden)

#define MAX_REPLY_HEADERS 128
#define MAX_REPLY_HEADER_BYTES ((size_t)64 * 1024)

enum reply_stop { STOP_NONE, STOP_BODY_SIZE, STOP_HEADER_SIZE, STOP_NUL, STOP_NO_MEMORY };

/* How much has arrived. A reply of 1xx does not count. A header after the header block is a trailer. */
enum reply_state { REPLY_NOTHING, REPLY_HEADERS, REPLY_BODY };

struct reply {
  size_t max_body;
  enum reply_state state;
  enum reply_stop stop; /* why it was given up */
  struct buffer body;
  struct buffer headers; /* "name\0value\0" for each, in order, names in lower case */
  size_t header_count;   /* of all blocks, like the bytes: endless replies of 1xx are bounded too */
  size_t header_bytes;
};

void reply_begin(struct reply *r, size_t max_body);
void reply_free(struct reply *r);

/* For CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION; context is a struct reply. */
size_t reply_on_body(char *data, size_t size, size_t count, void *context);
size_t reply_on_header(char *line, size_t size, size_t count, void *context);

#pragma GCC visibility pop
