#include "curl/headers.h"

#include <stdlib.h>
#include <strings.h>

void headers_free(struct headers *h) {
  buffer_wipe(&h->text);
  free(h->list);
  *h = (struct headers){ .count = 0 };
}

/* Returns whether the text is a token of HTTP, as a header's name must be. */
static bool is_token(struct slice text) {
  static const char others[] = "!#$%&'*+-.^_`|~";
  for (size_t i = 0; i < text.len; i++) {
    bool is_usual = is_alphanumeric(text.data[i]) || text.data[i] == '-';
    if (!is_usual && !memchr(others, text.data[i], sizeof others - 1)) return false;
  }
  return text.len > 0;
}

static bool is_one_line(struct slice text) {
  return !memchr(text.data, '\r', text.len) && !memchr(text.data, '\n', text.len) && !memchr(text.data, '\0', text.len);
}

static bool equals_ignoring_case(struct slice text, const char *name) {
  return text.len == strlen(name) && strncasecmp(text.data, name, text.len) == 0;
}

/* Returns why the header can't be sent, or NULL. */
static const char *find_refusal(struct slice name, struct slice value) {
  if (!is_token(name)) return "a header name has a character that HTTP doesn't allow";
  if (!is_one_line(value)) return "a header value has a CR, LF or NUL in it";
  if (equals_ignoring_case(name, "content-length") || equals_ignoring_case(name, "transfer-encoding"))
    return "content-length and transfer-encoding are written by the transport";
  return NULL;
}

CURLcode headers_add(struct headers *h, struct slice name, struct slice value, const char **refusal) {
  *refusal = find_refusal(name, value);
  if (*refusal) return CURLE_BAD_FUNCTION_ARGUMENT;
  buffer_append_slice(&h->text, name);
  /* libcurl expects "name;" for a header with an empty value. "name:" would remove the header. */
  if (!slice_trim(value).len) {
    buffer_append_byte(&h->text, ';');
  } else {
    buffer_append(&h->text, ": ", 2);
    buffer_append_slice(&h->text, value);
  }
  buffer_append_byte(&h->text, '\0');
  h->count++;
  return buffer_ok(&h->text) ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

/* Entries that remove headers which libcurl would add. */
static const char omitted[] = "Accept:\0Content-Type:\0Expect:\0User-Agent:";
#define OMITTED_COUNT 4

bool headers_finish(struct headers *h) {
  buffer_append(&h->text, omitted, sizeof omitted);
  h->count += OMITTED_COUNT;
  h->list = buffer_ok(&h->text) ? malloc(h->count * sizeof *h->list) : NULL;
  if (!h->list) return false;
  char *line = h->text.data;
  for (size_t i = 0; i < h->count; i++) {
    h->list[i].data = line;
    h->list[i].next = i + 1 < h->count ? &h->list[i + 1] : NULL;
    line += strlen(line) + 1;
  }
  return true;
}
