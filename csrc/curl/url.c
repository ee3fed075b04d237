#include "curl/url.h"

#include "shared/address.h"

#include <stdint.h>
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

/* Returns a mask that is 0 if each byte is one that libcurl sends in a path or query as it is: printable ASCII, but no
   space and no '#'. */
static uint64_t other_bytes(uint64_t bytes) {
  const uint64_t each = UINT64_C(0x0101010101010101);
  uint64_t hash = bytes ^ each * '#';
  return (bytes | (bytes - each * '!') | (bytes + each) | (hash - each)) & each * 0x80;
}

static bool is_sent_as_it_is(struct slice text) {
  uint64_t bytes, others = 0;
  for (; text.len >= sizeof bytes; text.data += sizeof bytes, text.len -= sizeof bytes) {
    memcpy(&bytes, text.data, sizeof bytes);
    others |= other_bytes(bytes);
  }
  for (size_t i = 0; i < text.len; i++) others |= text.data[i] <= ' ' || text.data[i] > '~' || text.data[i] == '#';
  return !others;
}

/* Returns the path and query inside a URL, or NULL if libcurl would send other bytes, or if it has no host or no path. */
static const char *find_target(struct slice text) {
  size_t host = begins_with(text.data, "https://") ? 8 : begins_with(text.data, "http://") ? 7 : text.len, at = host;
  while (at < text.len && !strchr("/?#", text.data[at])) at++;
  if (at == host || at == text.len || text.data[at] != '/') return NULL;
  return is_sent_as_it_is((struct slice){ text.data + at, text.len - at }) ? text.data + at : NULL;
}

/* Parses the text into the handle. Checks the scheme itself, because libcurl would resolve a text without a scheme
   against the handle's last URL. */
static CURLcode parse(struct url *u, const char *text) {
  const unsigned flags = CURLU_PATH_AS_IS | CURLU_DISALLOW_USER;
  char *host = NULL;
  u->is_plain = begins_with(text, "http://");
  if (!u->is_plain && !begins_with(text, "https://")) return CURLE_URL_MALFORMAT;
  if (!u->handle) u->handle = curl_url();
  if (!u->handle) return CURLE_OUT_OF_MEMORY;
  CURLUcode code = curl_url_set(u->handle, CURLUPART_URL, text, flags);
  if (code == CURLUE_OK) code = curl_url_get(u->handle, CURLUPART_HOST, &host, 0);
  if (code == CURLUE_OK) code = check_host(u, host);
  curl_free(host);
  if (code == CURLUE_OUT_OF_MEMORY) return CURLE_OUT_OF_MEMORY;
  return code == CURLUE_OK ? CURLE_OK : CURLE_URL_MALFORMAT;
}

CURLcode url_parse(struct url *u, struct slice text, bool whole) {
  u->target = whole ? NULL : find_target(text);
  struct slice base = { text.data, u->target ? (size_t)(u->target - text.data) : text.len };
  if (u->target && slice_equal(base, buffer_content(&u->base))) return CURLE_OK;
  buffer_reset(&u->base);
  if (!u->target) return strlen(text.data) == text.len ? parse(u, text.data) : CURLE_URL_MALFORMAT;
  buffer_append_slice(&u->base, base);
  buffer_append_byte(&u->base, '\0');
  CURLcode code = buffer_ok(&u->base) ? parse(u, u->base.data) : CURLE_OUT_OF_MEMORY;
  u->base.len = code == CURLE_OK ? base.len : 0;
  return code;
}

void url_free(struct url *u) {
  curl_url_cleanup(u->handle);
  buffer_wipe(&u->base);
  *u = (struct url){ .handle = NULL };
}
