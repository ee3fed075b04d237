/* The OpenSSL work of a signature. */
#include "floor.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

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

/* openssl(body, canonical_request, string_to_sign, secret, count) -> CPU seconds, wall seconds. Makes the digests of
   the body and of the canonical request, and the HMAC. The digest of an empty body is a constant, and costs nothing. */
int floor_openssl(lua_State *L) {
  size_t len[4], size;
  const char *text[4];
  for (int i = 0; i < 4; i++) text[i] = luaL_checklstring(L, i + 1, &len[i]);
  lua_Integer count = luaL_checkinteger(L, 5);
  unsigned char out[EVP_MAX_MD_SIZE];
  EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  EVP_MAC_CTX *mac = keyed(text[3], len[3]);
  struct usage start = usage_now();
  for (lua_Integer n = 0; n < count; n++) {
    if (len[0] > 0) digest(context, md, text[0], len[0]);
    digest(context, md, text[1], len[1]);
    EVP_MAC_init(mac, NULL, 0, NULL);
    EVP_MAC_update(mac, (const unsigned char *)text[2], len[2]);
    EVP_MAC_final(mac, out, &size, sizeof out);
  }
  int results = usage_push_since(L, start);
  EVP_MAC_CTX_free(mac);
  EVP_MD_CTX_free(context);
  EVP_MD_free(md);
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
