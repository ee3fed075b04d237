/* Lua functions over C code that has no Lua function of its own: the reply and the headers of dataworks.curl. */
#include "curl/headers.h"
#include "curl/reply.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdlib.h>

__attribute__((visibility("default"))) int luaopen_fuzz_native(lua_State *L);

/* A copy in memory of its own, so that a sanitizer sees each read past its end. */
static char *copy_of(const char *text, size_t len) {
  char *copy = malloc(len ? len : 1);
  if (copy) memcpy(copy, text, len);
  return copy;
}

/* reply(max_body, {line, ...}, {piece, ...}) -> block of headers, count, body, stop. Hands the lines and the pieces of a
   body to the callbacks of libcurl. */
static int native_reply(lua_State *L) {
  static size_t (*const callbacks[])(char *, size_t, size_t, void *) = { reply_on_header, reply_on_body };
  struct reply r = { .max_body = 0 };
  reply_begin(&r, (size_t)luaL_checkinteger(L, 1));
  for (int list = 2; list <= 3; list++) {
    for (int i = 1;; i++) {
      size_t len;
      lua_rawgeti(L, list, i);
      const char *text = lua_tolstring(L, -1, &len);
      if (!text) break;
      char *copy = copy_of(text, len);
      bool goes_on = callbacks[list - 2](copy, 1, len, &r) == len;
      free(copy);
      lua_pop(L, 1);
      if (!goes_on) break;
    }
  }
  lua_pushlstring(L, r.headers.data ? r.headers.data : "", r.headers.len);
  lua_pushinteger(L, (lua_Integer)r.header_count);
  lua_pushlstring(L, r.body.data ? r.body.data : "", r.body.len);
  lua_pushinteger(L, r.stop);
  reply_free(&r);
  return 4;
}

/* headers({name, value, ...}) -> {line, ...} | nil, reason. Builds the list of headers for libcurl. */
static int native_headers(lua_State *L) {
  struct headers h = { .count = 0 };
  const char *refusal = NULL;
  CURLcode code = CURLE_OK;
  for (int i = 1; code == CURLE_OK; i += 2) {
    struct slice name, value;
    lua_rawgeti(L, 1, i);
    lua_rawgeti(L, 1, i + 1);
    name.data = lua_tolstring(L, -2, &name.len);
    value.data = lua_tolstring(L, -1, &value.len);
    if (!name.data || !value.data) break;
    char *name_copy = copy_of(name.data, name.len), *value_copy = copy_of(value.data, value.len);
    code = headers_add(&h, (struct slice){ name_copy, name.len }, (struct slice){ value_copy, value.len }, &refusal);
    free(name_copy);
    free(value_copy);
    lua_settop(L, 1);
  }
  lua_settop(L, 1);
  if (code == CURLE_OK && headers_finish(&h)) {
    int n = 0;
    lua_newtable(L);
    for (struct curl_slist *row = h.list; row; row = row->next) {
      lua_pushstring(L, row->data);
      lua_rawseti(L, -2, ++n);
    }
  } else {
    lua_pushnil(L);
    lua_pushstring(L, refusal ? refusal : "no memory");
  }
  headers_free(&h);
  return lua_gettop(L) - 1;
}

int luaopen_fuzz_native(lua_State *L) {
  lua_newtable(L);
  lua_pushcfunction(L, native_reply);
  lua_setfield(L, -2, "reply");
  lua_pushcfunction(L, native_headers);
  lua_setfield(L, -2, "headers");
  return 1;
}
