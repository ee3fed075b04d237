/* Notes which lines of the library a Lua state runs. tools/coverage.lua loads it into each process of the specs that
   runs the library. HITS is the name of the file for the lines. Each line is written when it first runs, so that
   processes that are killed lose nothing. */
#include <fcntl.h>
#include <lua.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_SOURCES 1024
#define MAX_LINES 1024

struct source {
  const char *address;
  char name[256];
  bool seen[MAX_LINES];
};

static struct source *sources[MAX_SOURCES];

/* Returns the entry of a source. The address of the text of a source usually finds it, but another state may have
   another source at the address later. */
static struct source *find_source(const char *text) {
  size_t i = ((size_t)text >> 4) % MAX_SOURCES;
  for (size_t n = 0; n < MAX_SOURCES; n++, i = (i + 1) % MAX_SOURCES) {
    struct source *s = sources[i];
    if (!s) break;
    if (s->address == text && strncmp(s->name, text, sizeof s->name - 1) == 0) return s;
  }
  if (sources[i]) return NULL;
  struct source *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  s->address = text;
  strncpy(s->name, text, sizeof s->name - 1);
  return sources[i] = s;
}

static void write_line(const char *name, int line) {
  char text[300];
  const char *path = strstr(name, "lua/dataworks");
  int len = snprintf(text, sizeof text, "%s:%d\n", path, line);
  int fd = open(HITS, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd < 0) return;
  if (write(fd, text, (size_t)len) != len) abort();
  close(fd);
}

static void on_line(lua_State *L, lua_Debug *ar) {
  if (!lua_getinfo(L, "S", ar) || *ar->source != '@' || !strstr(ar->source, "lua/dataworks")) return;
  struct source *s = find_source(ar->source);
  int line = ar->currentline;
  if (!s || line < 0 || line >= MAX_LINES || s->seen[line]) return;
  s->seen[line] = true;
  write_line(s->name, line);
}

__attribute__((visibility("default"))) int start(lua_State *L);

int start(lua_State *L) {
  if (!lua_gethook(L)) lua_sethook(L, on_line, LUA_MASKLINE, 0);
  return 0;
}
