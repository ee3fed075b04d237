/* The smallest program that makes a call from Lua: it encodes the script, signs ready texts, sends ready bytes and
   decodes the reply. It checks nothing, and has no nonce, date, deadline or retry. */
#include "floor.h"

#include <curl/curl.h>
#include <string.h>

/* The positions of the arguments. */
enum { URL = 1, TARGET, HEADERS, BODY, SCRIPT = 8, ENCODE, DECODE, COUNT };

struct reply {
  char bytes[4096];
  size_t len;
};

static size_t keep(char *data, size_t size, size_t count, void *context) {
  struct reply *reply = context;
  size_t len = size * count;
  if (len > sizeof reply->bytes - reply->len) return 0;
  memcpy(reply->bytes + reply->len, data, len);
  reply->len += len;
  return len;
}

static struct curl_slist *new_headers(lua_State *L) {
  struct curl_slist *headers = NULL;
  for (int i = 1;; i++) {
    lua_rawgeti(L, HEADERS, i);
    if (lua_isnil(L, -1)) break;
    headers = curl_slist_append(headers, lua_tostring(L, -1));
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return headers;
}

static CURL *new_handle(lua_State *L, struct reply *reply) {
  CURL *curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, lua_tostring(L, URL));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply);
  return curl;
}

/* Sends the request with headers of its own, as each signature differs. */
static CURLcode exchange(lua_State *L, CURL *curl, struct reply *reply) {
  size_t body_len;
  const char *body = lua_tolstring(L, BODY, &body_len);
  struct curl_slist *headers = new_headers(L);
  reply->len = 0;
  curl_easy_setopt(curl, CURLOPT_REQUEST_TARGET, lua_tostring(L, TARGET));
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body_len);
  CURLcode code = curl_easy_perform(curl);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
  curl_slist_free_all(headers);
  return code;
}

static CURLcode call(lua_State *L, CURL *curl, struct reply *reply, struct openssl_work *work) {
  lua_pushvalue(L, ENCODE);
  lua_pushvalue(L, SCRIPT);
  lua_call(L, 1, 1);
  openssl_sign(work);
  CURLcode code = exchange(L, curl, reply);
  lua_pushvalue(L, DECODE);
  lua_pushlstring(L, reply->bytes, reply->len);
  lua_call(L, 1, 1);
  lua_pop(L, 2);
  return code;
}

/* call(url, target, headers, body, canonical_request, string_to_sign, secret, script, encode, decode, count) -> CPU
   seconds, wall seconds; over one connection, which is open before */
int floor_call(lua_State *L) {
  lua_Integer count = luaL_checkinteger(L, COUNT);
  struct reply reply = { .len = 0 };
  struct openssl_work work = openssl_open(L, BODY);
  CURL *curl = new_handle(L, &reply);
  CURLcode code = exchange(L, curl, &reply);
  struct usage start = usage_now();
  for (lua_Integer n = 0; n < count && code == CURLE_OK; n++) code = call(L, curl, &reply, &work);
  int results = usage_push_since(L, start);
  curl_easy_cleanup(curl);
  openssl_close(&work);
  return code == CURLE_OK ? results : luaL_error(L, "libcurl: %s", curl_easy_strerror(code));
}
