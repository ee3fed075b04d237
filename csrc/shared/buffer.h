/* Growable memory for bytes, or for items of one type, up to a limit. It may hold secrets, so memory is overwritten
   before it is freed and realloc is never called. A failed append is remembered: append freely, then call
   buffer_ok() once. Nothing here aborts. */
#pragma once

#include <limits.h>
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

/* What an append met first. */
enum buffer_state { BUFFER_OK, BUFFER_TOO_LARGE, BUFFER_NO_MEMORY };

/* Zeroed, it is empty. */
struct buffer {
  char *data;
  size_t len;
  size_t capacity;
  size_t limit; /* 0: BUFFER_LIMIT */
  enum buffer_state state;
};

/* A memset that the compiler can't drop. */
void wipe(void *data, size_t len);

/* Empties the buffer and clears the failure. A small block is kept for reuse. */
void buffer_reset(struct buffer *b);

/* Overwrites the content and frees it. Idempotent; the limit stays. */
void buffer_wipe(struct buffer *b);

/* Makes room for `extra` more bytes after data + len. False: the state says why. */
bool buffer_grow(struct buffer *b, size_t extra);

/* Returns where the next `extra` bytes go, or NULL. */
static inline char *buffer_reserve(struct buffer *b, size_t extra) {
  if (b->state || (b->capacity - b->len < extra && !buffer_grow(b, extra))) return NULL;
  return b->data + b->len;
}

static inline void buffer_append(struct buffer *b, const char *data, size_t len) {
  char *to = len ? buffer_reserve(b, len) : NULL;
  if (!to) return;
  memcpy(to, data, len);
  b->len += len;
}

static inline void buffer_append_byte(struct buffer *b, char byte) {
  char *to = buffer_reserve(b, 1);
  if (!to) return;
  *to = byte;
  b->len++;
}

static inline void buffer_append_slice(struct buffer *b, struct slice s) {
  buffer_append(b, s.data, s.len);
}

static inline bool buffer_ok(const struct buffer *b) {
  return b->state == BUFFER_OK;
}

static inline struct slice buffer_content(const struct buffer *b) {
  return (struct slice){ b->data, b->len };
}

/* A buffer of items of one type. */
#define BUFFER_ITEMS(type, b) ((type *)(void *)(b)->data)
#define BUFFER_COUNT(type, b) ((b)->len / sizeof(type))

/* Appends one item. False: no memory; the items before it stay. */
bool buffer_add_item(struct buffer *b, const void *item, size_t size);

/* Replaces the item by the last one. */
void buffer_remove_item(struct buffer *b, size_t index, size_t size);

/* A size for functions that take an int. INT_MAX stands for every larger one. */
static inline int clamp_to_int(size_t size) {
  return size < INT_MAX ? (int)size : INT_MAX;
}

/* Of ASCII, whatever the locale. */
static inline char to_lower(char c) {
  return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static inline bool is_alphanumeric(char c) {
  return (to_lower(c) >= 'a' && to_lower(c) <= 'z') || (c >= '0' && c <= '9');
}

bool slice_equal(struct slice a, struct slice b);

/* Without the spaces, tabs and ends of lines around it. */
struct slice slice_trim(struct slice text);

/* <0, 0 or >0, by bytes. */
int slice_compare(struct slice a, struct slice b);

#pragma GCC visibility pop
