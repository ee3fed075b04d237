/* The URL of a request, checked before libcurl sees it. */
#ifndef DATAWORKS_CURL_URL_H
#define DATAWORKS_CURL_URL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

struct url {
  CURLU *handle;
  const char *text;
  bool is_plain; /* http, not https */
  bool is_loopback;
};

/* False: it is not http:// or https:// and a host, or it has a user name or a space. The text must outlive `u`. */
bool url_parse(struct url *u, const char *text, size_t len);

/* The request target as it stands in the text, or NULL when libcurl would change it. */
const char *url_target(const struct url *u);

void url_free(struct url *u);

#pragma GCC visibility pop

#endif
