/* A Lua module that does with OpenSSL what each process needs for its first signature. */
#include <lauxlib.h>
#include <lua.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

int luaopen_floor_crypto(lua_State *L);

int luaopen_floor_crypto(lua_State *L) {
  char digest[] = "SHA256";
  OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                          OSSL_PARAM_construct_end() };
  EVP_MD *sha256 = EVP_MD_fetch(NULL, digest, NULL);
  EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
  EVP_MAC_CTX *mac = EVP_MAC_CTX_new(hmac);
  if (!sha256 || !EVP_MAC_init(mac, (const unsigned char *)"key", 3, params)) return luaL_error(L, "OpenSSL failed");
  EVP_MAC_CTX_free(mac);
  EVP_MAC_free(hmac);
  EVP_MD_free(sha256);
  return 0;
}
