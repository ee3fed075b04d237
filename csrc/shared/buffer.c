#include "shared/buffer.h"

#include <stdlib.h>

#define FIRST_CAPACITY 512

void wipe(void *data, size_t len) {
  static void *(*const volatile set)(void *, int, size_t) = memset;
  set(data, 0, len);
}

/* Overwrites and frees the block. It overwrites the unused part too, which may hold bytes from before a reset. */
static void release(struct buffer *b) {
  if (!b->data) return;
  wipe(b->data, b->capacity);
  free(b->data);
}

void buffer_wipe(struct buffer *b) {
  release(b);
  *b = (struct buffer){ .limit = b->limit };
}

/* Moves the content to a new block of `capacity` bytes. Returns false, and changes nothing, if there is no memory. */
static bool replace(struct buffer *b, size_t capacity) {
  char *data = malloc(capacity);
  if (!data) return false;
  if (b->len) memcpy(data, b->data, b->len);
  release(b);
  b->data = data;
  b->capacity = capacity;
  return true;
}

/* Doubles the capacity. If that is not enough, the text is probably appended as a whole, and gets little more than its
   size. A block is not made too large to be kept if a smaller one is enough. */
bool buffer_grow(struct buffer *b, size_t extra) {
  size_t limit = b->limit ? b->limit : BUFFER_LIMIT;
  if (extra > limit - b->len) {
    b->state = BUFFER_TOO_LARGE;
    return false;
  }
  size_t needed = b->len + extra, capacity = b->capacity ? 2 * b->capacity : FIRST_CAPACITY;
  if (capacity < needed) capacity = needed + needed / 16;
  if (capacity > MAX_KEPT_CAPACITY && needed <= MAX_KEPT_CAPACITY) capacity = MAX_KEPT_CAPACITY;
  if (capacity > limit) capacity = limit;
  if (replace(b, capacity)) return true;
  b->state = BUFFER_NO_MEMORY;
  return false;
}

bool buffer_add_item(struct buffer *b, const void *item, size_t size) {
  buffer_append(b, item, size);
  bool added = buffer_ok(b);
  b->state = BUFFER_OK;
  return added;
}

void buffer_remove_item(struct buffer *b, size_t index, size_t size) {
  b->len -= size;
  memmove(b->data + index * size, b->data + b->len, size);
}

bool slice_equal(struct slice a, struct slice b) {
  return a.len == b.len && (!a.len || !memcmp(a.data, b.data, a.len));
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice text) {
  while (text.len && is_blank(text.data[text.len - 1])) text.len--;
  while (text.len && is_blank(*text.data)) {
    text.data++;
    text.len--;
  }
  return text;
}

int slice_compare(struct slice a, struct slice b) {
  size_t shared = a.len < b.len ? a.len : b.len;
  int order = shared ? memcmp(a.data, b.data, shared) : 0;
  if (order) return order;
  return a.len < b.len ? -1 : a.len > b.len;
}
