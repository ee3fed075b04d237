#include "core/buffer.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#define FIRST_CAPACITY 512
/* A buffer kept between requests holds on to no more than this. */
#define KEPT_CAPACITY ((size_t)64 * 1024)

void buffer_reset(struct buffer *b) {
  if (b->capacity > KEPT_CAPACITY) buffer_wipe(b);
  b->len = 0;
  b->failed = false;
}

void buffer_wipe(struct buffer *b) {
  if (b->data) {
    OPENSSL_cleanse(b->data, b->capacity);
    free(b->data);
  }
  memset(b, 0, sizeof *b);
}

/* Not realloc: the old block may hold a secret and must be wiped before it is freed. */
static bool replace(struct buffer *b, size_t capacity) {
  char *data = malloc(capacity);
  if (!data) return false;
  if (b->data) {
    memcpy(data, b->data, b->len);
    OPENSSL_cleanse(b->data, b->capacity);
    free(b->data);
  }
  b->data = data;
  b->capacity = capacity;
  return true;
}

bool buffer_grow(struct buffer *b, size_t extra) {
  size_t capacity = b->capacity ? b->capacity : FIRST_CAPACITY;
  if (extra <= BUFFER_LIMIT - b->len) {
    while (capacity < b->len + extra) capacity *= 2;
    if (replace(b, capacity)) return true;
  }
  b->failed = true;
  return false;
}

bool buffer_ok(const struct buffer *b) {
  return !b->failed;
}

bool slice_equal(struct slice a, struct slice b) {
  return a.len == b.len && (!a.len || !memcmp(a.data, b.data, a.len));
}

int slice_compare(struct slice a, struct slice b) {
  size_t shared = a.len < b.len ? a.len : b.len;
  int order = shared ? memcmp(a.data, b.data, shared) : 0;
  if (order) return order;
  return a.len < b.len ? -1 : a.len > b.len;
}
