/* The OpenSSL work of a signature. */
#include "floor.h"

#include <openssl/core_names.h>

static EVP_MAC_CTX *keyed(const char *key, size_t len) {
  EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
  EVP_MAC_CTX *mac = EVP_MAC_CTX_new(hmac);
  EVP_MAC_free(hmac);
  char name[] = "SHA256";
  OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                          OSSL_PARAM_construct_end() };
  EVP_MAC_init(mac, (const unsigned char *)key, len, params);
  return mac;
}

static void digest(EVP_MD_CTX *context, const EVP_MD *md, const char *text, size_t len) {
  unsigned char out[EVP_MAX_MD_SIZE];
  EVP_DigestInit_ex2(context, md, NULL);
  EVP_DigestUpdate(context, text, len);
  EVP_DigestFinal_ex(context, out, NULL);
}

struct openssl_work openssl_open(lua_State *L, int first) {
  struct openssl_work w;
  for (int i = 0; i < OPENSSL_TEXTS; i++) w.text[i] = luaL_checklstring(L, first + i, &w.len[i]);
  size_t secret_len;
  const char *secret = luaL_checklstring(L, first + OPENSSL_TEXTS, &secret_len);
  w.md = EVP_MD_fetch(NULL, "SHA256", NULL);
  w.context = EVP_MD_CTX_new();
  w.mac = keyed(secret, secret_len);
  return w;
}

void openssl_sign(const struct openssl_work *w) {
  unsigned char out[EVP_MAX_MD_SIZE];
  size_t size;
  if (w->len[0] > 0) digest(w->context, w->md, w->text[0], w->len[0]);
  digest(w->context, w->md, w->text[1], w->len[1]);
  EVP_MAC_init(w->mac, NULL, 0, NULL);
  EVP_MAC_update(w->mac, (const unsigned char *)w->text[2], w->len[2]);
  EVP_MAC_final(w->mac, out, &size, sizeof out);
}

void openssl_close(struct openssl_work *w) {
  EVP_MAC_CTX_free(w->mac);
  EVP_MD_CTX_free(w->context);
  EVP_MD_free(w->md);
}

/* openssl(body, canonical_request, string_to_sign, secret, count) -> CPU seconds, wall seconds */
int floor_openssl(lua_State *L) {
  struct openssl_work w = openssl_open(L, 1);
  lua_Integer count = luaL_checkinteger(L, 5);
  struct usage start = usage_now();
  for (lua_Integer n = 0; n < count; n++) openssl_sign(&w);
  int results = usage_push_since(L, start);
  openssl_close(&w);
  return results;
}

/* sha256(text, count) -> CPU seconds, wall seconds */
int floor_sha256(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  lua_Integer count = luaL_checkinteger(L, 2);
  EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  struct usage start = usage_now();
  for (lua_Integer n = 0; n < count; n++) digest(context, md, text, len);
  int results = usage_push_since(L, start);
  EVP_MD_CTX_free(context);
  EVP_MD_free(md);
  return results;
}
