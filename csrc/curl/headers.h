/* The headers of one request, as a list for libcurl. Headers contain secrets. */
#pragma once

#include "shared/buffer.h"

#include <curl/curl.h>

#pragma GCC visibility push(hidden)

struct headers {
  struct buffer text; /* the lines, each with a NUL at its end */
  size_t count;
  struct curl_slist *list; /* all entries in one block of memory, created by headers_finish */
};

/* Adds a header. For an invalid header, and for one that libcurl writes itself, returns CURLE_BAD_FUNCTION_ARGUMENT and
   stores the reason in `refusal`. */
CURLcode headers_add(struct headers *headers, struct slice name, struct slice value, const char **refusal);

/* Creates the list, with entries that stop libcurl from adding headers of its own. No header can be added afterwards.
   Returns false if there is no memory. */
bool headers_finish(struct headers *headers);

void headers_free(struct headers *headers);

#pragma GCC visibility pop
