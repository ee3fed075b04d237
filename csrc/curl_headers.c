#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* strncasecmp */
#endif
#include "curl_headers.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void wipe(char *text, size_t len) {
  volatile char *p = text;
  while (len--) *p++ = 0;
}

void headers_free(struct curl_slist **list) {
  for (struct curl_slist *h = *list; h; h = h->next) wipe(h->data, strlen(h->data));
  curl_slist_free_all(*list);
  *list = NULL;
}

static bool append(struct curl_slist **list, const char *line) {
  struct curl_slist *longer = curl_slist_append(*list, line);
  if (longer) *list = longer;
  return longer != NULL;
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
  for (size_t i = 0; i < len; i++) {
    if (text[i] == '\r' || text[i] == '\n' || text[i] == '\0') return false;
  }
  return true;
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

CURLcode headers_add(struct curl_slist **list, const char *name, size_t name_len,
                     const char *value, size_t value_len, const char **refusal) {
  *refusal = refuse(name, name_len, value, value_len);
  if (*refusal) return CURLE_BAD_FUNCTION_ARGUMENT;

  /* libcurl spells an empty value "name;": "name:" would mean "leave it out". */
  bool empty = is_blank(value, value_len);
  size_t size = name_len + (empty ? 1 : 2 + value_len) + 1;
  char *line = malloc(size);
  if (!line) return CURLE_OUT_OF_MEMORY;
  memcpy(line, name, name_len);
  if (empty) {
    line[name_len] = ';';
  } else {
    memcpy(line + name_len, ": ", 2);
    memcpy(line + name_len + 2, value, value_len);
  }
  line[size - 1] = '\0';
  bool ok = append(list, line);
  wipe(line, size);
  free(line);
  return ok ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

bool headers_finish(struct curl_slist **list) {
  return append(list, "Accept:") && append(list, "Content-Type:") && append(list, "Expect:") &&
         append(list, "User-Agent:");
}
