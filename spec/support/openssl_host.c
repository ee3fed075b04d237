/* openssl_host SCRIPT: a program that exports functions of OpenSSL, as nginx does with an OpenSSL of its own.
   -DFALSE_FUNCTIONS: one that does nothing. -DFALSE_INSIDE: one that only libcrypto calls. -DLOAD_FIRST: it loads libcrypto
   before the script. -DSTUBS: it is linked with libcrypto and compares with its functions. */
#include <dlfcn.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stddef.h>
#include <stdio.h>

#ifdef FALSE_FUNCTIONS
int EVP_DigestUpdate(void *context, const void *data, size_t len);

int EVP_DigestUpdate(void *context, const void *data, size_t len) {
  (void)context, (void)data, (void)len;
  return 1;
}
#endif

#ifdef FALSE_INSIDE
void *CRYPTO_malloc(size_t size, const char *file, int line);

void *CRYPTO_malloc(size_t size, const char *file, int line) {
  (void)size, (void)file, (void)line;
  return NULL;
}
#endif

#ifdef STUBS
#include <openssl/evp.h>
void (*volatile compared)(EVP_MD *) = EVP_MD_free;
#endif

int main(int argc, char **argv) {
  lua_State *L = luaL_newstate();
  if (!L || argc < 2) return 2;
#ifdef LOAD_FIRST
  if (!dlopen("libcrypto.so.3", RTLD_NOW | RTLD_GLOBAL)) return 2;
#endif
#ifdef STUBS
  if (compared != EVP_MD_free) return 2;
#endif
  luaL_openlibs(L);
  int failed = luaL_dofile(L, argv[1]);
  if (failed) printf("%s\n", lua_tostring(L, -1));
  lua_close(L);
  return failed;
}
