/* A reply as it arrives, in bounded memory: the callbacks that libcurl feeds. */
#ifndef DATAWORKS_CURL_REPLY_H
#define DATAWORKS_CURL_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

#define MAX_REPLY_HEADERS 128
#define MAX_REPLY_HEADER_BYTES ((size_t)64 * 1024)

struct bytes {
  char *data;
  size_t len;
  size_t capacity;
};

enum reply_stop { STOP_NONE, STOP_BODY_SIZE, STOP_HEADER_SIZE, STOP_NO_MEMORY };

struct reply {
  size_t max_body;
  struct bytes body;
  struct bytes headers; /* "name\0value\0" for each, in order, names in lower case */
  size_t header_count;  /* of all blocks, like the bytes: an endless row of 1xx is bounded too */
  size_t header_bytes;
  bool begun;    /* the final status line has arrived */
  bool complete; /* and so has its whole header block: a header that follows is a trailer */
  enum reply_stop stop;
};

void reply_begin(struct reply *r, size_t max_body);
void reply_free(struct reply *r);

/* For CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION; context is a struct reply. */
size_t reply_on_body(char *data, size_t size, size_t count, void *context);
size_t reply_on_header(char *line, size_t size, size_t count, void *context);

#pragma GCC visibility pop

#endif
