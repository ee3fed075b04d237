#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* strncasecmp */
#endif
#include "curl/headers.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FIRST_CAPACITY ((size_t)2048)

void wipe(char *text, size_t len) {
  static void *(*const volatile set)(void *, int, size_t) = memset;
  set(text, 0, len);
}

void headers_free(struct headers *h) {
  if (h->text) wipe(h->text, h->len);
  free(h->text);
  free(h->list);
  *h = (struct headers){ 0 };
}

/* realloc could leave a copy behind. */
static bool make_room(struct headers *h, size_t extra) {
  size_t capacity = h->capacity ? h->capacity : FIRST_CAPACITY;
  if (extra <= h->capacity - h->len) return true;
  while (capacity - h->len < extra) {
    if (capacity > SIZE_MAX / 2) return false;
    capacity *= 2;
  }
  char *grown = malloc(capacity);
  if (!grown) return false;
  if (h->text) {
    memcpy(grown, h->text, h->len);
    wipe(h->text, h->len);
    free(h->text);
  }
  h->text = grown;
  h->capacity = capacity;
  return true;
}

static void put(struct headers *h, const char *text, size_t len) {
  memcpy(h->text + h->len, text, len);
  h->len += len;
}

static bool is_token(const char *text, size_t len) {
  static const char others[] = "!#$%&'*+-.^_`|~";
  for (size_t i = 0; i < len; i++) {
    char c = text[i];
    bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    bool digit = c >= '0' && c <= '9';
    if (!letter && !digit && !memchr(others, c, sizeof others - 1)) return false;
  }
  return len > 0;
}

static bool is_one_line(const char *text, size_t len) {
  return !memchr(text, '\r', len) && !memchr(text, '\n', len) && !memchr(text, '\0', len);
}

static bool is_blank(const char *text, size_t len) {
  while (len && (text[len - 1] == ' ' || text[len - 1] == '\t')) len--;
  return len == 0;
}

static bool is_name(const char *text, size_t len, const char *name) {
  return len == strlen(name) && strncasecmp(text, name, len) == 0;
}

static const char *refuse(const char *name, size_t name_len, const char *value, size_t value_len) {
  if (!is_token(name, name_len)) return "a header name has a character that HTTP doesn't allow";
  if (!is_one_line(value, value_len)) return "a header value has a CR, LF or NUL in it";
  if (is_name(name, name_len, "content-length") || is_name(name, name_len, "transfer-encoding"))
    return "content-length and transfer-encoding are written by the transport";
  return NULL;
}

CURLcode headers_add(struct headers *h, const char *name, size_t name_len, const char *value, size_t value_len,
                     const char **refusal) {
  *refusal = refuse(name, name_len, value, value_len);
  if (*refusal) return CURLE_BAD_FUNCTION_ARGUMENT;
  if (!make_room(h, name_len + value_len + sizeof ": ")) return CURLE_OUT_OF_MEMORY;
  put(h, name, name_len);
  /* libcurl spells an empty value "name;": "name:" would mean "leave it out". */
  if (is_blank(value, value_len)) {
    put(h, ";", sizeof ";");
  } else {
    put(h, ": ", 2);
    put(h, value, value_len);
    put(h, "", 1);
  }
  h->count++;
  return CURLE_OK;
}

static const char left_out[] = "Accept:\0Content-Type:\0Expect:\0User-Agent:";
#define LEFT_OUT 4

bool headers_finish(struct headers *h) {
  if (!make_room(h, sizeof left_out)) return false;
  put(h, left_out, sizeof left_out);
  h->count += LEFT_OUT;
  h->list = malloc(h->count * sizeof *h->list);
  if (!h->list) return false;
  char *line = h->text;
  for (size_t i = 0; i < h->count; i++) {
    h->list[i].data = line;
    h->list[i].next = i + 1 < h->count ? &h->list[i + 1] : NULL;
    line += strlen(line) + 1;
  }
  return true;
}
