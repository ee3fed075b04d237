#define _POSIX_C_SOURCE 200809L

#include "core/core.h"
#include "core/sign.h"

#include <openssl/rand.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#define NONCE_BYTES 16

static int push_clock(lua_State *L, clockid_t id) {
  struct timespec now;
  if (clock_gettime(id, &now)) return luaL_error(L, "the clock can't be read");
  lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec * 1e-9);
  return 1;
}

/* time() -> seconds since 1970 */
static int core_time(lua_State *L) {
  return push_clock(L, CLOCK_REALTIME);
}

/* clock() -> seconds that never jump */
static int core_clock(lua_State *L) {
  return push_clock(L, CLOCK_MONOTONIC);
}

static void random_bytes(lua_State *L, unsigned char *bytes, int count) {
  if (RAND_bytes(bytes, count) != 1) luaL_error(L, "OpenSSL has no random bytes");
}

/* random() -> float in [0, 1) */
static int core_random(lua_State *L) {
  unsigned char bytes[8];
  uint64_t bits;
  random_bytes(L, bytes, (int)sizeof bytes);
  memcpy(&bits, bytes, sizeof bits);
  lua_pushnumber(L, (lua_Number)(bits >> 11) / 9007199254740992.0);
  return 1;
}

/* nonce() -> 128 random bits in hex */
static int core_nonce(lua_State *L) {
  unsigned char bytes[NONCE_BYTES];
  char hex[2 * NONCE_BYTES];
  random_bytes(L, bytes, NONCE_BYTES);
  sign_hex(hex, bytes, NONCE_BYTES);
  lua_pushlstring(L, hex, sizeof hex);
  return 1;
}

void core_host_open(lua_State *L) {
  static const luaL_Reg functions[] = {
    { "time", core_time }, { "clock", core_clock }, { "random", core_random }, { "nonce", core_nonce }, { NULL, NULL }
  };
  luaL_setfuncs(L, functions, 0);
}
