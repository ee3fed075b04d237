/* Where OpenSSL's functions come from. A host program may export an OpenSSL of its own, whose functions then take the place
   of some of libcrypto's; a mixture crashes, or has random bits that are not. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr1 */
#endif

#include "core/core.h"

#include <dlfcn.h>
#include <link.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stddef.h>

#define WAY_OUT "build dataworks with a libcrypto of its own: make build CRYPTO=static"

#define MIN_VERSION 0x30000000UL

struct function {
  const char *name;
  union {
    void (*function)(void);
    void *address;
  } at;
};

/* All that core.so calls, and some that libcrypto calls itself. */
/* clang-format off */
#define OPENSSL_FUNCTIONS(X) \
  X(OpenSSL_version_num) X(OpenSSL_version) X(EVP_Digest) X(EVP_DigestFinal_ex) X(EVP_DigestInit_ex2) \
  X(EVP_DigestUpdate) X(EVP_EncodeBlock) X(EVP_MAC_CTX_dup) X(EVP_MAC_CTX_free) X(EVP_MAC_CTX_new) X(EVP_MAC_fetch) \
  X(EVP_MAC_final) X(EVP_MAC_free) X(EVP_MAC_init) X(EVP_MAC_update) X(EVP_MD_CTX_free) X(EVP_MD_CTX_new) \
  X(EVP_MD_fetch) X(EVP_MD_free) X(EVP_sha256) X(ERR_get_error) X(OSSL_PARAM_construct_end) \
  X(OSSL_PARAM_construct_utf8_string) X(RAND_bytes) X(RAND_bytes_ex) X(CRYPTO_malloc) X(CRYPTO_zalloc) \
  X(CRYPTO_free) X(OPENSSL_cleanse)
/* clang-format on */

#define FUNCTION_ROW(name) { #name, { (void (*)(void))name } },
static const struct function functions[] = { OPENSSL_FUNCTIONS(FUNCTION_ROW) };

/* False where the address says nothing: a program that is linked at a fixed address has a stub for a function that it compares
   with, under a symbol that it does not define. */
static bool find_library(const struct function *f, Dl_info *info) {
#ifdef __GLIBC__
  void *extra = NULL;
  if (!dladdr1(f->at.address, info, &extra, RTLD_DL_SYMENT)) return false;
  const ElfW(Sym) *symbol = extra;
  return !symbol || symbol->st_shndx != SHN_UNDEF;
#else
  return dladdr(f->at.address, info) != 0;
#endif
}

void core_check_openssl(lua_State *L) {
  const struct function *first = NULL;
  Dl_info library = { NULL, NULL, NULL, NULL }, other;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    const struct function *f = &functions[i];
    if (!find_library(f, &other)) continue;
    if (!first) {
      first = f;
      library = other;
    } else if (other.dli_fbase != library.dli_fbase) {
      luaL_error(L, "OpenSSL's functions come from two libraries, %s (%s) and %s (%s); " WAY_OUT, library.dli_fname,
                 first->name, other.dli_fname, f->name);
    }
  }
  if (OpenSSL_version_num() < MIN_VERSION)
    luaL_error(L, "%s in %s is too old: version 3.0 is needed; " WAY_OUT, OpenSSL_version(OPENSSL_VERSION),
               library.dli_fname ? library.dli_fname : "the program");
}
