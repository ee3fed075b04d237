/* The headers of one request, in the form that libcurl takes. They hold secrets. */
#pragma once

#include "shared/buffer.h"

#include <curl/curl.h>

#pragma GCC visibility push(hidden)

struct headers {
  struct buffer text; /* the lines, each with a NUL at its end */
  size_t count;
  struct curl_slist *list; /* one block; made by headers_finish */
};

/* Returns CURLE_BAD_FUNCTION_ARGUMENT and a refusal for a header that is not one line, or that libcurl writes. */
CURLcode headers_add(struct headers *headers, struct slice name, struct slice value, const char **refusal);

/* Makes the list, with entries that stop libcurl from adding headers of its own. Nothing can be added afterwards.
   False: no memory. */
bool headers_finish(struct headers *headers);

void headers_free(struct headers *headers);

#pragma GCC visibility pop
