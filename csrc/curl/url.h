/* The URL of a request, checked before libcurl sees it. */
#pragma once

#include "shared/buffer.h"

#include <curl/curl.h>

#pragma GCC visibility push(hidden)

struct url {
  CURLU *handle;
  bool is_plain; /* http, not https */
  bool is_loopback;
};

/* CURLE_URL_MALFORMAT: it is not http:// or https:// and a host, or it has a user name or a space. The text ends with a
   NUL. */
CURLcode url_parse(struct url *u, struct slice text);

/* The request target as it stands in a text that was parsed, or NULL when libcurl would change it. */
const char *url_target(const char *text);

void url_free(struct url *u);

#pragma GCC visibility pop
