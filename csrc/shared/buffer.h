/* Growable memory for bytes, or for items of one type, up to a limit. A buffer may hold secrets. Therefore memory is
   overwritten before it is freed, and realloc is never called. A buffer remembers that an append failed, and ignores
   later appends. Callers append without checks and then call buffer_ok() once. No function in this file aborts the
   program. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#pragma GCC visibility push(hidden)

/* The default limit of a buffer: the largest text of a request, after JSON or percent-encoding. */
#define BUFFER_LIMIT ((size_t)64 * 1024 * 1024)

struct slice {
  const char *data;
  size_t len;
};

struct pair {
  struct slice name;
  struct slice value;
};

/* A slice of a string literal. SLICE_INIT is the form for static initializers. */
#define SLICE(literal) ((struct slice)SLICE_INIT(literal))
#define SLICE_INIT(literal) \
  { (literal), sizeof(literal) - 1 }

/* The first failure of an append. */
enum buffer_state { BUFFER_OK, BUFFER_TOO_LARGE, BUFFER_NO_MEMORY };

/* A zeroed buffer is empty and ready for use. */
struct buffer {
  char *data;
  size_t len;
  size_t capacity;
  size_t limit; /* 0 means BUFFER_LIMIT */
  enum buffer_state state;
};

/* Overwrites memory with zeros. The compiler can't optimize this call away. */
void wipe(void *data, size_t len);

/* The largest block that a buffer keeps when it is reset. */
#define MAX_KEPT_CAPACITY ((size_t)64 * 1024)

/* Overwrites and frees the content. The limit stays. A second call has no effect. */
void buffer_wipe(struct buffer *b);

/* Empties the buffer and clears its failure. Keeps a small block for reuse, and wipes a large one. */
static inline void buffer_reset(struct buffer *b) {
  if (b->capacity > MAX_KEPT_CAPACITY) buffer_wipe(b);
  b->len = 0;
  b->state = BUFFER_OK;
}

/* Makes room for `extra` more bytes after the content. On failure returns false and sets the state. */
bool buffer_grow(struct buffer *b, size_t extra);

/* Returns the address for the next `extra` bytes, or NULL if the buffer has failed. The caller writes the bytes and
   then adds their number to `len`. */
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

/* The items of a buffer that holds one type, and their number. */
#define BUFFER_ITEMS(type, b) ((type *)(void *)(b)->data)
#define BUFFER_COUNT(type, b) ((b)->len / sizeof(type))

/* Appends one item. On failure returns false and keeps the earlier items; the buffer stays usable. */
bool buffer_add_item(struct buffer *b, const void *item, size_t size);

/* Removes an item and puts the last item in its place. */
void buffer_remove_item(struct buffer *b, size_t index, size_t size);

/* Returns the size as an int, or INT_MAX if the size is larger. */
static inline int clamp_to_int(size_t size) {
  return size < INT_MAX ? (int)size : INT_MAX;
}

/* These two functions know only ASCII letters, in every locale. */
static inline char to_lower(char c) {
  return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static inline bool is_alphanumeric(char c) {
  return (to_lower(c) >= 'a' && to_lower(c) <= 'z') || (c >= '0' && c <= '9');
}

bool slice_equal(struct slice a, struct slice b);

/* Returns the text without the spaces, tabs and line ends at its start and end. */
struct slice slice_trim(struct slice text);

/* Compares byte by byte. Returns a number below, equal to or above 0, as memcmp does. */
int slice_compare(struct slice a, struct slice b);

#pragma GCC visibility pop
