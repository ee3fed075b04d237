/* Parses and checks the URL of a request, before libcurl uses the URL. */
#pragma once

#include "shared/buffer.h"

#include <curl/curl.h>

#pragma GCC visibility push(hidden)

struct url {
  CURLU *handle;
  struct buffer base; /* scheme, host and port in the handle; empty if the handle has a whole URL or none */
  const char *target; /* path and query inside the text; NULL if libcurl must take them from the handle */
  bool is_plain;      /* http, not https */
  bool is_loopback;
};

/* Parses a URL. Returns CURLE_URL_MALFORMAT unless the text is http:// or https:// and a host, without a user name and
   without spaces. A NUL must follow the text. Unless `whole` is true, path and query are kept out of the handle if
   libcurl would send them as they are, so that the next URL of the same host needs no parsing. */
CURLcode url_parse(struct url *u, struct slice text, bool whole);

void url_free(struct url *u);

#pragma GCC visibility pop
