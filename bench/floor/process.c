/* Whole processes. */
#define _GNU_SOURCE /* wait4 */
#include "floor.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define MAX_WORDS 64

/* Returns the texts of the list at `index`, and NULL after them. */
static char **words_of(lua_State *L, int index, char *words[MAX_WORDS + 1]) {
  int n = 0;
  for (;; n++) {
    lua_rawgeti(L, index, n + 1);
    if (lua_isnil(L, -1) || n == MAX_WORDS) break;
    words[n] = (char *)(intptr_t)lua_tostring(L, -1); /* the list keeps the text */
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  words[n] = NULL;
  return words;
}

static pid_t start(char **words, char **environment) {
  posix_spawn_file_actions_t actions;
  pid_t pid = -1;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  if (posix_spawnp(&pid, words[0], &actions, NULL, words, environment) != 0) pid = -1;
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

static double seconds(struct timeval t) {
  return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

/* run({program, argument, ...}, {"NAME=value", ...} or nil) -> CPU seconds of the process, wall seconds. Without the
   second argument, the process gets the environment of this one. Its output goes to /dev/null. */
int floor_run(lua_State *L) {
  char *words[MAX_WORDS + 1], *variables[MAX_WORDS + 1];
  luaL_checktype(L, 1, LUA_TTABLE);
  bool has_variables = lua_istable(L, 2);
  words_of(L, 1, words);
  double began = usage_now().wall;
  pid_t pid = start(words, has_variables ? words_of(L, 2, variables) : environ);
  struct rusage used;
  int status;
  if (pid < 0 || wait4(pid, &status, 0, &used) != pid || status != 0) return luaL_error(L, "%s failed", words[0]);
  lua_pushnumber(L, seconds(used.ru_utime) + seconds(used.ru_stime));
  lua_pushnumber(L, usage_now().wall - began);
  return 2;
}
