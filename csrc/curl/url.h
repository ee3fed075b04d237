/* Parses and checks the URL of a request, before libcurl uses the URL. */
#pragma once

#include "shared/buffer.h"

#include <curl/curl.h>

#pragma GCC visibility push(hidden)

struct url {
  CURLU *handle;
  bool is_plain; /* http, not https */
  bool is_loopback;
};

/* Parses a URL. Returns CURLE_URL_MALFORMAT unless the text is http:// or https:// and a host, without a user name and
   without spaces. A NUL must follow the text. */
CURLcode url_parse(struct url *u, struct slice text);

/* Returns the path and query inside a URL that url_parse accepted, or NULL if libcurl would send other bytes. */
const char *url_target(const char *text);

void url_free(struct url *u);

#pragma GCC visibility pop
