/* Checks which library OpenSSL's functions come from. A host program may export functions of an OpenSSL of its own,
   which replace some of libcrypto's functions. Such a mixture crashes, or computes wrong signatures. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr1, dl_iterate_phdr */
#endif

#include "core/core.h"

#include <dlfcn.h>
#include <link.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADVICE "build dataworks with a libcrypto of its own: make build CRYPTO=static"

#define MIN_VERSION 0x30000000UL

struct function {
  const char *name;
  union {
    void (*function)(void);
    void *address;
  } at;
};

/* All functions that core.so calls, and some that libcrypto calls itself. */
/* clang-format off */
#define OPENSSL_FUNCTIONS(X) \
  X(OpenSSL_version_num) X(OpenSSL_version) X(EVP_Digest) X(EVP_DigestFinal_ex) X(EVP_DigestInit_ex2) \
  X(EVP_DigestUpdate) X(EVP_EncodeBlock) X(EVP_MAC_CTX_dup) X(EVP_MAC_CTX_free) X(EVP_MAC_CTX_new) X(EVP_MAC_fetch) \
  X(EVP_MAC_final) X(EVP_MAC_free) X(EVP_MAC_init) X(EVP_MAC_update) X(EVP_MD_CTX_free) X(EVP_MD_CTX_new) \
  X(EVP_MD_fetch) X(EVP_MD_free) X(EVP_sha256) X(ERR_get_error) X(OSSL_PARAM_construct_end) \
  X(OSSL_PARAM_construct_utf8_string) X(CRYPTO_malloc) X(CRYPTO_zalloc) X(CRYPTO_free) X(OPENSSL_cleanse)
/* clang-format on */

#define FUNCTION_ROW(name) { #name, { (void (*)(void))name } },
static const struct function functions[] = { OPENSSL_FUNCTIONS(FUNCTION_ROW) };

/* Finds the library that a function is in. Returns false if the function's address does not tell. This happens if
   the host program is linked at a fixed address and uses the address of the function. The address is then the
   address of a stub in the program, whose symbol is undefined. */
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

/* The memory of a library, and an address inside this memory. */
struct range {
  uintptr_t address;
  uintptr_t first;
  uintptr_t end;
};

static int find_range(struct dl_phdr_info *info, size_t size, void *context) {
  struct range *range = context;
  uintptr_t first = UINTPTR_MAX, end = 0;
  (void)size;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[i];
    if (header->p_type != PT_LOAD) continue;
    uintptr_t start = info->dlpi_addr + header->p_vaddr;
    if (start < first) first = start;
    if (start + header->p_memsz > end) end = start + header->p_memsz;
  }
  if (range->address < first || range->address >= end) return 0;
  range->first = first;
  range->end = end;
  return 1;
}

static bool is_in_range(const struct range *range, const struct function *f) {
  uintptr_t address = (uintptr_t)f->at.address;
  return address >= range->first && address < range->end;
}

/* Looks up the libraries of only those functions that are outside the library of the first function, because each
   look-up searches all symbols of a library. */
void core_check_openssl(lua_State *L) {
  const struct function *first = NULL;
  Dl_info library = { NULL, NULL, NULL, NULL }, other;
  struct range range = { 0, 0, 0 };
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    const struct function *f = &functions[i];
    if ((first && is_in_range(&range, f)) || !find_library(f, &other)) continue;
    if (!first) {
      first = f;
      library = other;
      range.address = (uintptr_t)f->at.address;
      dl_iterate_phdr(find_range, &range);
    } else if (other.dli_fbase != library.dli_fbase) {
      luaL_error(L, "OpenSSL's functions come from two libraries, %s (%s) and %s (%s); " ADVICE, library.dli_fname,
                 first->name, other.dli_fname, f->name);
    }
  }
  if (OpenSSL_version_num() < MIN_VERSION)
    luaL_error(L, "%s in %s is too old: version 3.0 is needed; " ADVICE, OpenSSL_version(OPENSSL_VERSION),
               library.dli_fname ? library.dli_fname : "the program");
}
