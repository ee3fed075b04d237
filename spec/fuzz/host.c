/* The program that fuzzes one target of spec/fuzz/targets.lua with libFuzzer. The name of the target is in the variable
   DATAWORKS_FUZZ_TARGET. core.so and the C files under test are linked in, so that libFuzzer sees their branches. A debug
   hook counts the steps from line to line of the Lua code, so that libFuzzer sees these as well. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int luaopen_dataworks_core(lua_State *L);
int luaopen_fuzz_native(lua_State *L);

static lua_State *state;

#define STEPS (1 << 15)
__attribute__((section("__libfuzzer_extra_counters"))) static unsigned char steps[STEPS];

static uint32_t hash(const char *text) {
  uint32_t h = 2166136261u;
  while (*text) h = (h ^ (unsigned char)*text++) * 16777619u;
  return h;
}

static void on_line(lua_State *L, lua_Debug *ar) {
  static const char *source;
  static uint32_t source_hash, before;
  lua_getinfo(L, "S", ar);
  if (ar->source != source) {
    source = ar->source;
    source_hash = hash(source);
  }
  uint32_t here = (source_hash + (uint32_t)ar->currentline) * 2654435761u;
  steps[(here ^ before >> 1) % STEPS]++;
  before = here;
}

static int traceback(lua_State *L) {
  luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
  return 1;
}

/* Ends the process as a crash, so that libFuzzer keeps the input. */
static void fail(lua_State *L) {
  fprintf(stderr, "fault: %s\n", lua_tostring(L, -1));
  abort();
}

static void preload(lua_State *L, const char *name, lua_CFunction open) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, open);
  lua_setfield(L, -2, name);
  lua_pop(L, 1);
}

static void close_state(void) {
  lua_close(state);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  const char *name = getenv("DATAWORKS_FUZZ_TARGET");
  lua_State *L = state = luaL_newstate();
  if (!L || !name) return EXIT_FAILURE;
  atexit(close_state);
  luaL_openlibs(L);
  preload(L, "dataworks.core", luaopen_dataworks_core);
  preload(L, "fuzz_native", luaopen_fuzz_native);
  lua_pushcfunction(L, traceback);
  lua_getglobal(L, "require");
  lua_pushliteral(L, "spec.fuzz.targets");
  if (lua_pcall(L, 1, 1, 1) != LUA_OK) fail(L);
  if (lua_getfield(L, -1, name) != LUA_TTABLE) {
    fprintf(stderr, "there is no target %s\n", name);
    exit(EXIT_FAILURE);
  }
  lua_getfield(L, -1, "run");
  lua_replace(L, 2);
  lua_settop(L, 2);
  lua_sethook(L, on_line, LUA_MASKLINE, 0);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  lua_State *L = state;
  lua_pushvalue(L, 2);
  lua_pushlstring(L, (const char *)data, len);
  if (lua_pcall(L, 1, 0, 1) != LUA_OK) fail(L);
  return 0;
}
