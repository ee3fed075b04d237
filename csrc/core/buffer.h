/* Bytes that grow up to a limit. A failed append is remembered: append freely,
   then ask buffer_ok() once. Nothing here aborts. */
#ifndef DATAWORKS_BUFFER_H
#define DATAWORKS_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#pragma GCC visibility push(hidden)

/* The largest text one request may need, JSON and percent-encoding included. */
#define BUFFER_LIMIT ((size_t)64 * 1024 * 1024)

struct slice {
  const char *data;
  size_t len;
};

/* For string literals only. */
#define SLICE(literal) ((struct slice)SLICE_INIT(literal))
#define SLICE_INIT(literal) \
  { (literal), sizeof(literal) - 1 }

struct buffer {
  char *data;
  size_t len;
  size_t capacity;
  bool failed;
};

/* Empties the buffer and forgets a failure; the memory is kept for reuse, but not much of it. */
void buffer_reset(struct buffer *b);

/* Overwrites what the buffer held, then frees it. Safe on a zeroed or freed buffer. */
void buffer_wipe(struct buffer *b);

/* Room for `extra` more bytes behind data + len. False marks the buffer as failed. */
bool buffer_grow(struct buffer *b, size_t extra);

/* Where the next `extra` bytes go, or NULL. */
static inline char *buffer_reserve(struct buffer *b, size_t extra) {
  if (b->failed || (b->capacity - b->len < extra && !buffer_grow(b, extra))) return NULL;
  return b->data + b->len;
}

static inline void buffer_append(struct buffer *b, const char *data, size_t len) {
  char *to = len ? buffer_reserve(b, len) : NULL;
  if (!to) return;
  memcpy(to, data, len);
  b->len += len;
}

static inline void buffer_byte(struct buffer *b, char byte) {
  char *to = buffer_reserve(b, 1);
  if (!to) return;
  *to = byte;
  b->len++;
}

static inline void buffer_slice(struct buffer *b, struct slice s) {
  buffer_append(b, s.data, s.len);
}

bool buffer_ok(const struct buffer *b);

static inline struct slice buffer_content(const struct buffer *b) {
  return (struct slice){ b->data, b->len };
}

bool slice_equal(struct slice a, struct slice b);
/* <0, 0 or >0, by bytes. */
int slice_compare(struct slice a, struct slice b);

#pragma GCC visibility pop

#endif
