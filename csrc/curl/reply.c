#include "curl/reply.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)4096)

void reply_free(struct reply *r) {
  free(r->body.data);
  free(r->headers.data);
  memset(r, 0, sizeof *r);
}

void reply_begin(struct reply *r, size_t max_body) {
  reply_free(r);
  r->max_body = max_body;
}

/* The caller has bounded `extra`. */
static bool append(struct bytes *b, const char *data, size_t extra) {
  size_t needed = b->len + extra;
  if (needed > b->capacity) {
    size_t capacity = b->capacity ? b->capacity : FIRST_CAPACITY;
    while (capacity < needed) capacity *= 2;
    char *grown = realloc(b->data, capacity);
    if (!grown) return false;
    b->data = grown;
    b->capacity = capacity;
  }
  if (extra) memcpy(b->data + b->len, data, extra);
  b->len = needed;
  return true;
}

/* libcurl takes any count but the given one as an order to stop. */
static size_t stop(struct reply *r, enum reply_stop why) {
  r->stop = why;
  return 0;
}

size_t reply_on_body(char *data, size_t size, size_t count, void *context) {
  struct reply *r = context;
  size_t len = size * count;
  if (len > r->max_body - r->body.len) return stop(r, STOP_BODY_SIZE);
  if (!append(&r->body, data, len)) return stop(r, STOP_NO_MEMORY);
  return len;
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static char lower(char c) {
  return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool add_header(struct reply *r, const char *line, size_t len) {
  const char *colon = memchr(line, ':', len);
  if (!colon) return true;
  size_t name_len = (size_t)(colon - line);
  const char *value = colon + 1;
  size_t value_len = len - name_len - 1;
  while (value_len && is_blank(*value)) value++, value_len--;
  while (value_len && is_blank(value[value_len - 1])) value_len--;

  size_t start = r->headers.len;
  if (!append(&r->headers, line, name_len) || !append(&r->headers, "", 1)) return false;
  for (size_t i = start; i < start + name_len; i++) r->headers.data[i] = lower(r->headers.data[i]);
  return append(&r->headers, value, value_len) && append(&r->headers, "", 1);
}

/* "HTTP/1.1 200 OK" begins a block; only a status that isn't 1xx begins the reply. */
static void begin_block(struct reply *r, const char *line, size_t len) {
  const char *space = memchr(line, ' ', len);
  bool informational = space && (size_t)(space - line) + 1 < len && space[1] == '1';
  r->headers.len = 0;
  r->begun = !informational;
  r->complete = false;
}

size_t reply_on_header(char *line, size_t size, size_t count, void *context) {
  struct reply *r = context;
  size_t len = size * count;
  if (len > MAX_REPLY_HEADER_BYTES - r->header_bytes) return stop(r, STOP_HEADER_SIZE);
  r->header_bytes += len;

  if (len >= 5 && memcmp(line, "HTTP/", 5) == 0 && !r->complete) {
    begin_block(r, line, len);
  } else if (len && (line[0] == '\r' || line[0] == '\n')) {
    r->complete = r->begun;
  } else if (!r->complete) {
    if (++r->header_count > MAX_REPLY_HEADERS) return stop(r, STOP_HEADER_SIZE);
    if (!add_header(r, line, len)) return stop(r, STOP_NO_MEMORY);
  }
  return len;
}
