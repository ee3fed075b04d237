#include "buffer.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

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
static bool grow(struct buffer *b, size_t needed) {
  size_t capacity = b->capacity ? b->capacity : FIRST_CAPACITY;
  while (capacity < needed) capacity *= 2;
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

char *buffer_reserve(struct buffer *b, size_t extra) {
  if (b->failed) return NULL;
  if (extra > BUFFER_LIMIT - b->len) {
    b->failed = true;
    return NULL;
  }
  if (b->capacity - b->len < extra && !grow(b, b->len + extra)) {
    b->failed = true;
    return NULL;
  }
  return b->data + b->len;
}

void buffer_append(struct buffer *b, const char *data, size_t len) {
  if (!len) return;
  char *to = buffer_reserve(b, len);
  if (!to) return;
  memcpy(to, data, len);
  b->len += len;
}

void buffer_slice(struct buffer *b, struct slice s) {
  buffer_append(b, s.data, s.len);
}

void buffer_byte(struct buffer *b, char byte) {
  buffer_append(b, &byte, 1);
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
