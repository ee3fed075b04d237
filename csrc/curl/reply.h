/* Collects a reply in bounded memory, through callbacks of libcurl. */
#pragma once

#include "shared/buffer.h"

#pragma GCC visibility push(hidden)

#define MAX_REPLY_HEADERS 128
#define MAX_REPLY_HEADER_BYTES ((size_t)64 * 1024)

/* Why a reply is not read to its end. */
enum reply_stop { STOP_NONE, STOP_BODY_SIZE, STOP_HEADER_SIZE, STOP_NUL, STOP_STATUS, STOP_NO_MEMORY };

/* How much of the reply has arrived: nothing, a part of the headers, or all headers. A reply with a status of 1xx
   counts as nothing. In REPLY_BODY, a further header is a trailer. */
enum reply_state { REPLY_NOTHING, REPLY_HEADERS, REPLY_BODY };

struct reply {
  size_t max_body;
  enum reply_state state;
  enum reply_stop stop;
  struct buffer body;
  struct buffer headers; /* "name\0value\0" for each header, in order, with the name in lower case */
  size_t header_count;   /* counts the headers of 1xx replies too, so that these are bounded as well */
  size_t header_bytes;   /* as header_count */
};

/* Clears the reply, and sets the largest body to accept. */
void reply_begin(struct reply *r, size_t max_body);
void reply_free(struct reply *r);

/* The callbacks for CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION. `context` is a struct reply. */
size_t reply_on_body(char *data, size_t size, size_t count, void *context);
size_t reply_on_header(char *line, size_t size, size_t count, void *context);

#pragma GCC visibility pop
