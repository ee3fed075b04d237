#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* getentropy */
#endif

#include "core/core.h"
#include "core/encoding.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#define NONCE_BYTES 16

/* Fills `bytes` with random bytes of the kernel. They take a tenth of the instructions of RAND_bytes, and a forked
   process gets other bytes than its parent. */
static void random_bytes(lua_State *L, unsigned char *bytes, size_t count) {
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
int core_nonce(lua_State *L) {
  unsigned char bytes[NONCE_BYTES];
  char hex[2 * NONCE_BYTES];
  random_bytes(L, bytes, NONCE_BYTES);
  hex_encode(hex, bytes, NONCE_BYTES);
  lua_pushlstring(L, hex, sizeof hex);
  return 1;
}
