#include "curl/url.h"

#include "shared/address.h"

#include <strings.h>

static bool begins_with(const char *text, const char *prefix) {
  return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

/* Sets u->is_loopback. Removes the final dot of "localhost.", because a resolver may ask a name server about a name
   with a final dot. */
static CURLUcode check_host(struct url *u, const char *host) {
  size_t len = strlen(host);
  u->is_loopback = address_is_loopback((struct slice){ host, len });
  bool has_dot = u->is_loopback && host[len - 1] == '.';
  return has_dot ? curl_url_set(u->handle, CURLUPART_HOST, "localhost", 0) : CURLUE_OK;
}

/* Checks the scheme itself, because libcurl would resolve a text without a scheme against the handle's last URL. */
CURLcode url_parse(struct url *u, struct slice text) {
  const unsigned flags = CURLU_PATH_AS_IS | CURLU_DISALLOW_USER;
  char *host = NULL;
  u->is_plain = begins_with(text.data, "http://");
  if (strlen(text.data) != text.len || (!u->is_plain && !begins_with(text.data, "https://")))
    return CURLE_URL_MALFORMAT;
  if (!u->handle) u->handle = curl_url();
  if (!u->handle) return CURLE_OUT_OF_MEMORY;
  CURLUcode code = curl_url_set(u->handle, CURLUPART_URL, text.data, flags);
  if (code == CURLUE_OK) code = curl_url_get(u->handle, CURLUPART_HOST, &host, 0);
  if (code == CURLUE_OK) code = check_host(u, host);
  curl_free(host);
  if (code == CURLUE_OUT_OF_MEMORY) return CURLE_OUT_OF_MEMORY;
  return code == CURLUE_OK ? CURLE_OK : CURLE_URL_MALFORMAT;
}

const char *url_target(const char *text) {
  const char *authority = strstr(text, "://") + 3;
  const char *path = authority + strcspn(authority, "/?#");
  if (path == authority || *path != '/') return NULL;
  for (const char *c = path; *c; c++) {
    if (*c == '#' || (unsigned char)*c > 0x7e) return NULL; /* libcurl would remove a fragment and escape these bytes */
  }
  return path;
}

void url_free(struct url *u) {
  curl_url_cleanup(u->handle);
  *u = (struct url){ .handle = NULL };
}
