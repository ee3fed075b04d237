/* Notes which lines of the library a Lua state runs. tools/coverage.lua loads it into each process of the specs that
   runs the library, and defines HITS, the name of the file for the lines, and PATHS, the names of the sources. The
   processes share the memory of the file, so that a killed process loses nothing. */
#include <fcntl.h>
#include <lua.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_LINES 1024
#define COUNT (sizeof paths / sizeof *paths)

static const char *const paths[] = { PATHS };
static unsigned char (*lines)[MAX_LINES];

/* Returns the row of a source; NULL if it is not a part of the library. */
static unsigned char *find_row(const char *source) {
  const char *path = *source == '@' ? strstr(source, "lua/dataworks") : NULL;
  for (size_t i = 0; path && i < COUNT; i++)
    if (strcmp(paths[i], path) == 0) return lines[i];
  return NULL;
}

/* Remembers the rows of sources by the addresses of their names. Another state may have another source at an address
   later. */
static unsigned char *row_of(const char *source) {
  static struct {
    const char *address;
    unsigned char *row;
    char name[256];
  } known[1024];
  size_t i = ((uintptr_t)source >> 4) % (sizeof known / sizeof *known);
  if (known[i].address != source || strcmp(known[i].name, source) != 0) {
    known[i].address = source;
    known[i].row = find_row(source);
    strncpy(known[i].name, source, sizeof known[i].name - 1);
  }
  return known[i].row;
}

static void on_line(lua_State *L, lua_Debug *ar) {
  if (!lua_getinfo(L, "S", ar)) return;
  unsigned char *row = row_of(ar->source);
  if (row && ar->currentline >= 0 && ar->currentline < MAX_LINES) row[ar->currentline] = 1;
}

static void *map_hits(void) {
  int fd = open(HITS, O_RDWR | O_CLOEXEC);
  void *memory = mmap(NULL, COUNT * MAX_LINES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) abort();
  close(fd);
  return memory;
}

__attribute__((visibility("default"))) int start(lua_State *L);

int start(lua_State *L) {
  if (!lines) lines = map_hits();
  if (!lua_gethook(L)) lua_sethook(L, on_line, LUA_MASKLINE, 0);
  return 0;
}
