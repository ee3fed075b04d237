#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif

#include "core/core.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BYTECODE "dataworks.bytecode"

#define MAX_NAME 128

/* A file of modules in memory. Only the pages that are used are read. The file begins with a line "NAME OFFSET LENGTH"
   for each module, after a line break; an empty line ends these lines. Each offset counts from there. */
struct bytecode {
  const char *data; /* NULL if closed */
  size_t len;
  size_t index_len; /* with the empty line */
};

static int bytecode_gc(lua_State *L) {
  struct bytecode *b = luaL_checkudata(L, 1, BYTECODE);
  if (b->data) munmap((void *)b->data, b->len);
  b->data = NULL;
  return 0;
}

/* Parses digits and the byte after them. Returns false if there are none, or too many. */
static bool parse_size(const char **at, const char *end, size_t *size) {
  const char *start = *at;
  *size = 0;
  while (*at < end && **at >= '0' && **at <= '9' && *at - start < 9) *size = *size * 10 + (size_t)(*(*at)++ - '0');
  return *at > start && (*at)++ < end;
}

/* Finds the bytecode of a module. Returns false if the file has none. */
static bool find_module(const struct bytecode *b, const char *name, const char **code, size_t *len) {
  char key[MAX_NAME + sizeof "\n "];
  const char *end = b->data + b->index_len;
  size_t offset;
  int key_len = snprintf(key, sizeof key, "\n%s ", name);
  const char *at = (size_t)key_len < sizeof key ? memmem(b->data, b->index_len, key, (size_t)key_len) : NULL;
  if (!at) return false;
  at += key_len;
  if (!parse_size(&at, end, &offset) || !parse_size(&at, end, len)) return false;
  size_t available = b->len - b->index_len;
  if (offset > available || *len > available - offset) return false;
  *code = end + offset;
  return *len > 0 && **code == LUA_SIGNATURE[0];
}

/* load(name) -> the function of a module | nil. It is nil too if the bytecode is that of another version of Lua. */
static int bytecode_load(lua_State *L) {
  const struct bytecode *b = luaL_checkudata(L, 1, BYTECODE);
  const char *name = luaL_checkstring(L, 2), *code;
  size_t len;
  if (!b->data || !find_module(b, name, &code, &len)) return 0;
  switch (luaL_loadbuffer(L, code, len, name)) {
    case 0: return 1;
    case LUA_ERRSYNTAX: return 0;
    default: return lua_error(L);
  }
}

/* Maps the file. Returns 0 or an errno. */
static int map(struct bytecode *b, const char *path) {
  struct stat s;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  int error = fstat(fd, &s) ? errno : 0;
  void *data = error ? MAP_FAILED : mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (!error && data == MAP_FAILED) error = errno;
  close(fd);
  if (error) return error;
  b->data = data;
  b->len = (size_t)s.st_size;
  const char *index_end = memmem(b->data, b->len, "\n\n", 2);
  b->index_len = index_end ? (size_t)(index_end - b->data) + 2 : 0;
  return 0;
}

/* bytecode(path) -> the modules in a file of bytecode | nil, message, missing */
int core_bytecode(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  struct bytecode *b = lua_newuserdata(L, sizeof *b);
  memset(b, 0, sizeof *b);
  luaL_setmetatable(L, BYTECODE);
  int error = map(b, path);
  if (!error) return 1;
  lua_pushnil(L);
  push_system_error(L, error);
  lua_pushboolean(L, error == ENOENT);
  return 3;
}

void core_create_bytecode_class(lua_State *L) {
  static const luaL_Reg metamethods[] = { { "__gc", bytecode_gc }, { NULL, NULL } };
  static const luaL_Reg methods[] = { { "load", bytecode_load }, { NULL, NULL } };
  new_class(L, BYTECODE, metamethods, methods);
}
