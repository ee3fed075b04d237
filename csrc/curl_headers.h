/* The headers of one request, as libcurl takes them. They hold secrets: freed, they are
   overwritten. */
#ifndef DATAWORKS_CURL_HEADERS_H
#define DATAWORKS_CURL_HEADERS_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

/* A header that isn't one line, or that libcurl has to write, gets CURLE_BAD_FUNCTION_ARGUMENT and
   the refusal's text. */
CURLcode headers_add(struct curl_slist **list, const char *name, size_t name_len,
                     const char *value, size_t value_len, const char **refusal);

/* Stops libcurl from adding headers that the caller didn't give. False: no memory. */
bool headers_finish(struct curl_slist **list);

void headers_free(struct curl_slist **list);

/* Not memset: the compiler would drop that before free. */
void wipe(char *text, size_t len);

#pragma GCC visibility pop

#endif
