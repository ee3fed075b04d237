/* The headers of one request, as libcurl takes them. They hold secrets: freed, they are
   overwritten. */
#ifndef DATAWORKS_CURL_HEADERS_H
#define DATAWORKS_CURL_HEADERS_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

struct headers {
  char *text; /* the lines, each with a NUL behind it */
  size_t len;
  size_t capacity;
  size_t count;
  struct curl_slist *list; /* one block; made by headers_finish */
};

/* A header that isn't one line, or that libcurl has to write, gets CURLE_BAD_FUNCTION_ARGUMENT and
   the refusal's text. */
CURLcode headers_add(struct headers *headers, const char *name, size_t name_len, const char *value, size_t value_len,
                     const char **refusal);

/* Makes the list, and in it what stops libcurl from adding headers that the caller didn't give.
   Nothing can be added afterwards. False: no memory. */
bool headers_finish(struct headers *headers);

void headers_free(struct headers *headers);

/* Not a plain memset: the compiler would drop that before free. */
void wipe(char *text, size_t len);

#pragma GCC visibility pop

#endif
