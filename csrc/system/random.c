#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* getentropy */
#endif

#include "core/core.h"
#include "core/encoding.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <unistd.h>

#define NONCE_BYTES 16

/* getentropy returns at most 256 bytes. */
#define NONCES_AT_ONCE 16

/* Random bytes for the next nonces of one Lua state. One system call for many nonces takes a sixth of the time. */
struct nonce_pool {
  unsigned char bytes[NONCES_AT_ONCE][NONCE_BYTES];
  size_t left;    /* the number of unused nonces */
  unsigned forks; /* the value of fork_count when the bytes were read */
};

/* Counts how often this process was forked from its parent and its ancestors. A child must not use the nonces that its
   parent has too. */
static atomic_uint fork_count;

static void count_fork(void) {
  atomic_fetch_add(&fork_count, 1);
}

static void watch_forks(void) {
  pthread_atfork(NULL, NULL, count_fork);
}

/* Fills `bytes` with random bytes of the kernel. They take a tenth of the instructions of RAND_bytes. */
static void random_bytes(lua_State *L, void *bytes, size_t count) {
  if (getentropy(bytes, count) == 0) return;
  push_system_error(L, errno);
  luaL_error(L, "random bytes: %s", lua_tostring(L, -1));
}

/* random() -> a random float, at least 0 and below 1 */
int core_random(lua_State *L) {
  unsigned char bytes[8];
  uint64_t bits;
  random_bytes(L, bytes, sizeof bytes);
  memcpy(&bits, bytes, sizeof bits);
  lua_pushnumber(L, (lua_Number)(bits >> 11) / 9007199254740992.0);
  return 1;
}

/* nonce() -> 128 random bits in hexadecimal */
static int nonce(lua_State *L) {
  struct nonce_pool *pool = lua_touserdata(L, lua_upvalueindex(1));
  unsigned forks = atomic_load(&fork_count);
  char hex[2 * NONCE_BYTES];
  if (!pool->left || pool->forks != forks) {
    pool->left = 0;
    random_bytes(L, pool->bytes, sizeof pool->bytes);
    pool->left = NONCES_AT_ONCE;
    pool->forks = forks;
  }
  hex_encode(hex, pool->bytes[--pool->left], NONCE_BYTES);
  lua_pushlstring(L, hex, sizeof hex);
  return 1;
}

void core_push_nonce(lua_State *L) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, watch_forks);
  memset(lua_newuserdata(L, sizeof(struct nonce_pool)), 0, sizeof(struct nonce_pool));
  lua_pushcclosure(L, nonce, 1);
}
