/* The program threads SCRIPT ARGUMENT... runs the script in two threads at once. Each thread has its own Lua state. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdio.h>

static char **arguments;

static void *run(void *name) {
  lua_State *L = luaL_newstate();
  if (!L) return "no state";
  luaL_openlibs(L);
  lua_newtable(L);
  for (int i = 0; arguments[i]; i++) {
    lua_pushstring(L, arguments[i]);
    lua_rawseti(L, -2, i);
  }
  lua_setglobal(L, "arg");
  lua_pushstring(L, name);
  lua_setglobal(L, "THREAD");
  void *failed = NULL;
  if (luaL_loadfile(L, arguments[0]) || lua_pcall(L, 0, 0, 0)) {
    fprintf(stderr, "%s: %s\n", (const char *)name, lua_tostring(L, -1));
    failed = "failed";
  }
  lua_close(L);
  return failed;
}

int main(int argc, char **argv) {
  pthread_t threads[2];
  char names[2][2] = { "a", "b" };
  void *results[2];
  if (argc < 2) return 2;
  arguments = argv + 1;
  for (int i = 0; i < 2; i++) {
    if (pthread_create(&threads[i], NULL, run, names[i])) return 2;
  }
  for (int i = 0; i < 2; i++) {
    if (pthread_join(threads[i], &results[i])) return 2;
  }
  return results[0] || results[1];
}
