/* The baselines of the measurements: the cheapest C programs that do the same work. */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include <lauxlib.h>
#include <lua.h>
#include <openssl/evp.h>

struct usage {
  double cpu, wall;
};

/* The CPU seconds of this process, and the time. */
struct usage usage_now(void);

/* Pushes the CPU seconds and the wall seconds since `start`. Returns 2. */
int usage_push_since(lua_State *L, struct usage start);

/* What OpenSSL does for a request: the digests of the body and of the canonical request, and the HMAC of the string to
   sign. The digest of an empty body is a constant, and costs nothing. */
#define OPENSSL_TEXTS 3

struct openssl_work {
  const char *text[OPENSSL_TEXTS];
  size_t len[OPENSSL_TEXTS];
  EVP_MD *md;
  EVP_MD_CTX *context;
  EVP_MAC_CTX *mac;
};

/* Takes the three texts and the secret from the arguments from `first` on. The arguments must stay on the stack. */
struct openssl_work openssl_open(lua_State *L, int first);
void openssl_sign(const struct openssl_work *work);
void openssl_close(struct openssl_work *work);

int floor_call(lua_State *L);
int floor_openssl(lua_State *L);
int floor_sha256(lua_State *L);
int floor_curl(lua_State *L);
int floor_multi(lua_State *L);
int floor_run(lua_State *L);
int floor_read(lua_State *L);
int floor_write(lua_State *L);
int floor_tables(lua_State *L);

#endif
