#include "curl/reply.h"

#include <strings.h>

void reply_free(struct reply *r) {
  buffer_wipe(&r->body);
  buffer_wipe(&r->headers);
  memset(r, 0, sizeof *r);
}

void reply_begin(struct reply *r, size_t max_body) {
  reply_free(r);
  r->max_body = max_body;
  r->body.limit = max_body;
}

/* Records why the reply is given up. Returns 0, at which libcurl ends the transfer. */
static size_t stop_reply(struct reply *r, enum reply_stop why) {
  r->stop = why;
  return 0;
}

size_t reply_on_body(char *data, size_t size, size_t count, void *context) {
  struct reply *r = context;
  size_t len = size * count;
  if (len > r->max_body - r->body.len) return stop_reply(r, STOP_BODY_SIZE);
  buffer_append(&r->body, data, len);
  return buffer_ok(&r->body) ? len : stop_reply(r, STOP_NO_MEMORY);
}

/* Adds the header of a line. Ignores a line without a colon. */
static void add_header(struct reply *r, const char *line, size_t len) {
  const char *colon = memchr(line, ':', len);
  if (!colon) return;
  struct slice value = slice_trim((struct slice){ colon + 1, (size_t)(line + len - colon - 1) });
  size_t name_len = (size_t)(colon - line);
  char *name = buffer_reserve(&r->headers, name_len + 1);
  if (!name) return;
  for (size_t i = 0; i < name_len; i++) name[i] = to_lower(line[i]);
  name[name_len] = '\0';
  r->headers.len += name_len + 1;
  buffer_append_slice(&r->headers, value);
  buffer_append_byte(&r->headers, '\0');
}

/* Returns the first digit of the status in a status line, such as "HTTP/1.1 200 OK"; or 0 if the status is not a number
   from 100 to 999. Newer versions of libcurl take the first three digits of a longer number. */
static char status_class(const char *line, size_t len) {
  size_t i = 0;
  while (i < len && line[i] != ' ') i++;
  while (i < len && line[i] == ' ') i++;
  size_t first = i;
  while (i < len && line[i] >= '0' && line[i] <= '9') i++;
  bool valid = i - first == 3 && line[first] != '0' && (i == len || strchr(" \r\n", line[i]));
  return valid ? line[first] : 0;
}

/* Begins a block of headers at a status line. A block with a status of 1xx is not the reply. Returns false if the line
   is invalid. */
static bool begin_block(struct reply *r, const char *line, size_t len) {
  char class = status_class(line, len);
  if (!class) return false;
  r->headers.len = 0;
  r->state = class == '1' ? REPLY_NOTHING : REPLY_HEADERS;
  return true;
}

size_t reply_on_header(char *line, size_t size, size_t count, void *context) {
  struct reply *r = context;
  size_t len = size * count;
  if (len > MAX_REPLY_HEADER_BYTES - r->header_bytes) return stop_reply(r, STOP_HEADER_SIZE);
  r->header_bytes += len;
  if (r->state == REPLY_BODY) return len;
  if (memchr(line, '\0', len)) return stop_reply(r, STOP_NUL); /* newer versions of libcurl refuse a NUL too */

  if (len >= 5 && strncasecmp(line, "HTTP/", 5) == 0) {
    if (!begin_block(r, line, len)) return stop_reply(r, STOP_STATUS);
  } else if (len && (line[0] == '\r' || line[0] == '\n')) {
    if (r->state == REPLY_HEADERS) r->state = REPLY_BODY;
  } else {
    if (++r->header_count > MAX_REPLY_HEADERS) return stop_reply(r, STOP_HEADER_SIZE);
    add_header(r, line, len);
    if (!buffer_ok(&r->headers)) return stop_reply(r, STOP_NO_MEMORY);
  }
  return len;
}
