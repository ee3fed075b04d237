/* Pushes a signed request as a Lua table, or as one userdata with the same fields. */
#include "core/core.h"
#include "core/value.h"
#include "shared/signed_request.h"

static void push_slice(lua_State *L, struct slice text) {
  lua_pushlstring(L, text.len ? text.data : "", text.len);
}

static void push_headers(lua_State *L, const struct signed_request *r) {
  lua_createtable(L, 0, clamp_to_int(r->header_count));
  for (size_t i = 0; i < r->header_count; i++) {
    lua_pushstring(L, r->headers[i].name.data); /* a literal, which Lua finds by its address */
    push_slice(L, r->headers[i].value);
    lua_rawset(L, -3);
  }
}

void signed_request_push_table(lua_State *L, const struct signed_request *r) {
  lua_createtable(L, 0, 4);
  push_slice(L, r->method);
  lua_setfield(L, -2, "method");
  push_slice(L, r->url);
  lua_setfield(L, -2, "url");
  push_headers(L, r);
  lua_setfield(L, -2, "headers");
  push_slice(L, r->body);
  lua_setfield(L, -2, "body");
}

/* Moves a text to the memory at `*to`, adds a NUL, and advances `*to`. */
static void move_text(struct slice *text, char **to) {
  if (text->len) memcpy(*to, text->data, text->len);
  (*to)[text->len] = '\0';
  text->data = *to;
  *to += text->len + 1;
}

void signed_request_push(lua_State *L, const struct signed_request *r) {
  size_t size = r->method.len + r->url.len + r->body.len + 3;
  for (size_t i = 0; i < r->header_count; i++) size += r->headers[i].value.len + 1;
  struct signed_request *copy = lua_newuserdata(L, sizeof *copy + size);
  *copy = *r;
  char *to = (char *)(copy + 1);
  move_text(&copy->method, &to);
  move_text(&copy->url, &to);
  move_text(&copy->body, &to);
  for (size_t i = 0; i < r->header_count; i++) move_text(&copy->headers[i].value, &to);
  luaL_setmetatable(L, SIGNED_REQUEST);
}

/* __index: the fields method, url, headers and body. Each use of `headers` makes a new table. */
static int signed_request_index(lua_State *L) {
  const struct signed_request *r = luaL_checkudata(L, 1, SIGNED_REQUEST);
  struct slice name = value_text(L, 2);
  if (slice_equal(name, SLICE("method"))) push_slice(L, r->method);
  else if (slice_equal(name, SLICE("url"))) push_slice(L, r->url);
  else if (slice_equal(name, SLICE("body"))) push_slice(L, r->body);
  else if (slice_equal(name, SLICE("headers"))) push_headers(L, r);
  else lua_pushnil(L);
  return 1;
}

void core_create_signed_request_class(lua_State *L) {
  static const luaL_Reg metamethods[] = { { "__index", signed_request_index }, { NULL, NULL } };
  new_class(L, SIGNED_REQUEST, metamethods, NULL);
}
