/* The floor of the measurements: the OpenSSL work of a signature, and libcurl sending ready bytes. */
#include <curl/curl.h>
#include <lauxlib.h>
#include <lua.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <time.h>

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static EVP_MAC_CTX *keyed(const char *key, size_t len) {
  EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
  EVP_MAC_CTX *mac = EVP_MAC_CTX_new(hmac);
  EVP_MAC_free(hmac);
  char digest[] = "SHA256";
  OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                          OSSL_PARAM_construct_end() };
  EVP_MAC_init(mac, (const unsigned char *)key, len, params);
  return mac;
}

/* openssl(body, canonical_request, string_to_sign, secret, count) -> CPU seconds: two digests and a HMAC each time */
static int floor_openssl(lua_State *L) {
  size_t len[4];
  const char *text[4];
  for (int i = 0; i < 4; i++) text[i] = luaL_checklstring(L, i + 1, &len[i]);
  lua_Integer count = luaL_checkinteger(L, 5);
  unsigned char out[EVP_MAX_MD_SIZE];
  size_t size;
  EVP_MD *digest = EVP_MD_fetch(NULL, "SHA256", NULL);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  EVP_MAC_CTX *mac = keyed(text[3], len[3]);
  double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
  for (lua_Integer n = 0; n < count; n++) {
    for (int i = 0; i < 2; i++) {
      EVP_DigestInit_ex2(context, digest, NULL);
      EVP_DigestUpdate(context, text[i], len[i]);
      EVP_DigestFinal_ex(context, out, NULL);
    }
    EVP_MAC_CTX *copy = EVP_MAC_CTX_dup(mac);
    EVP_MAC_update(copy, (const unsigned char *)text[2], len[2]);
    EVP_MAC_final(copy, out, &size, sizeof out);
    EVP_MAC_CTX_free(copy);
  }
  lua_pushnumber(L, seconds(CLOCK_PROCESS_CPUTIME_ID) - start);
  EVP_MAC_CTX_free(mac);
  EVP_MD_CTX_free(context);
  EVP_MD_free(digest);
  return 1;
}

static size_t count_bytes(char *data, size_t size, size_t count, void *total) {
  (void)data;
  *(size_t *)total += size * count;
  return size * count;
}

static struct curl_slist *check_headers(lua_State *L, int index) {
  struct curl_slist *headers = NULL;
  for (int i = 1;; i++) {
    lua_rawgeti(L, index, i);
    if (lua_isnil(L, -1)) break;
    headers = curl_slist_append(headers, lua_tostring(L, -1));
    lua_pop(L, 1);
  }
  return headers;
}

static CURL *new_handle(const char *url, struct curl_slist *headers, const char *body, size_t body_len, size_t *total) {
  CURL *curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body_len);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, count_bytes);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, total);
  return curl;
}

/* curl(url, {"name: value", ...}, body, count) -> wall seconds, CPU seconds; one connection, kept */
static int floor_curl(lua_State *L) {
  size_t body_len, total = 0;
  const char *url = luaL_checkstring(L, 1), *body = luaL_checklstring(L, 3, &body_len);
  lua_Integer count = luaL_checkinteger(L, 4);
  struct curl_slist *headers = check_headers(L, 2);
  CURL *curl = new_handle(url, headers, body, body_len, &total);
  CURLcode code = CURLE_OK;
  double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  for (lua_Integer n = 0; n < count && code == CURLE_OK; n++) code = curl_easy_perform(curl);
  wall = seconds(CLOCK_MONOTONIC) - wall;
  cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  curl_easy_cleanup(curl);
  curl_slist_free_all(headers);
  if (code != CURLE_OK) return luaL_error(L, "libcurl: %s", curl_easy_strerror(code));
  lua_pushnumber(L, wall);
  lua_pushnumber(L, cpu);
  return 2;
}

/* Starts each completed handle again while requests are left to make. */
static CURLcode run_again(CURLM *multi, lua_Integer *to_start, lua_Integer *done) {
  int left;
  for (CURLMsg *m; (m = curl_multi_info_read(multi, &left));) {
    CURL *curl = m->easy_handle;
    if (m->data.result != CURLE_OK) return m->data.result;
    ++*done;
    curl_multi_remove_handle(multi, curl);
    if (*to_start > 0) {
      --*to_start;
      curl_multi_add_handle(multi, curl);
    }
  }
  return CURLE_OK;
}

#define MAX_AT_ONCE 1024

/* multi(url, headers, body, count, at_once) -> CPU seconds */
static int floor_multi(lua_State *L) {
  size_t body_len, total = 0;
  const char *url = luaL_checkstring(L, 1), *body = luaL_checklstring(L, 3, &body_len);
  lua_Integer count = luaL_checkinteger(L, 4), at_once = luaL_checkinteger(L, 5), done = 0;
  luaL_argcheck(L, at_once > 0 && at_once <= MAX_AT_ONCE && count >= at_once, 5, "out of range");
  struct curl_slist *headers = check_headers(L, 2);
  CURL *handles[MAX_AT_ONCE];
  CURLM *multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)MAX_AT_ONCE);
  lua_Integer to_start = count - at_once;
  for (lua_Integer i = 0; i < at_once; i++) {
    handles[i] = new_handle(url, headers, body, body_len, &total);
    curl_multi_add_handle(multi, handles[i]);
  }
  CURLcode code = CURLE_OK;
  double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  while (done < count && code == CURLE_OK) {
    int running;
    curl_multi_perform(multi, &running);
    code = run_again(multi, &to_start, &done);
    if (done < count) curl_multi_poll(multi, NULL, 0, 1000, NULL);
  }
  cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  for (lua_Integer i = 0; i < at_once; i++) {
    curl_multi_remove_handle(multi, handles[i]);
    curl_easy_cleanup(handles[i]);
  }
  curl_multi_cleanup(multi);
  curl_slist_free_all(headers);
  if (code != CURLE_OK) return luaL_error(L, "libcurl: %s", curl_easy_strerror(code));
  lua_pushnumber(L, cpu);
  return 1;
}

int luaopen_floor(lua_State *L);

int luaopen_floor(lua_State *L) {
  lua_createtable(L, 0, 3);
  lua_pushcfunction(L, floor_openssl);
  lua_setfield(L, -2, "openssl");
  lua_pushcfunction(L, floor_curl);
  lua_setfield(L, -2, "curl");
  lua_pushcfunction(L, floor_multi);
  lua_setfield(L, -2, "multi");
  return 1;
}
