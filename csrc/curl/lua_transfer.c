#include "curl/lua_transfer.h"

#include <math.h>

#define EXPECTED_HEADERS 8

double lua_check_seconds(lua_State *L, int index) {
  double seconds = (double)luaL_checknumber(L, index);
  luaL_argcheck(L, !isnan(seconds), index, "not a number");
  return seconds;
}

long lua_milliseconds(double seconds) {
  if (seconds <= 0) return 0;
  if (seconds > MAX_SECONDS) seconds = MAX_SECONDS;
  return (long)ceil(seconds * 1000);
}

static void check_headers(lua_State *L, int index) {
  luaL_checktype(L, index, LUA_TTABLE);
  lua_pushnil(L);
  while (lua_next(L, index)) {
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING) {
      luaL_argerror(L, index, "header names and values must be strings");
    }
    lua_pop(L, 1);
  }
}

void lua_check_request(lua_State *L, int first, const struct transfer *t, struct request *r) {
  static const char *const methods[] = { "GET", "POST", "PUT", NULL };
  size_t proxy_len;
  r->method = methods[luaL_checkoption(L, first, NULL, methods)];
  r->url.data = luaL_checklstring(L, first + 1, &r->url.len);
  check_headers(L, first + 2);
  r->body.data = luaL_optlstring(L, first + 3, "", &r->body.len);
  if (r->body.len && strcmp(r->method, "GET") == 0) luaL_argerror(L, first + 3, "GET has no body");
  r->timeout_ms = lua_milliseconds(lua_check_seconds(L, first + 4));
  r->connect_timeout_ms = t->session.connect_timeout_ms;
  if (!lua_isnoneornil(L, first + 5)) r->connect_timeout_ms = lua_milliseconds(lua_check_seconds(L, first + 5));
  r->proxy = luaL_optlstring(L, first + 6, "", &proxy_len);
  luaL_argcheck(L, strlen(r->proxy) == proxy_len, first + 6, "it has a NUL");
  /* libcurl would replace 0 by its default of five minutes. Here 0 means that no time is left. */
  if (r->connect_timeout_ms <= 0) r->timeout_ms = 0;
}

bool lua_add_headers(lua_State *L, int index, struct transfer *t) {
  lua_pushnil(L);
  while (lua_next(L, index)) {
    struct slice name, value;
    name.data = lua_tolstring(L, -2, &name.len);
    value.data = lua_tolstring(L, -1, &value.len);
    if (!transfer_add_header(t, name, value)) {
      lua_pop(L, 2);
      return false;
    }
    lua_pop(L, 1);
  }
  return true;
}

static int push_failure(lua_State *L, const struct failure *f) {
  const char *name = f->name ? f->name : curl_code_name(f->code);
  lua_pushnil(L);
  lua_createtable(L, 0, 5);
  lua_pushstring(L, failure_kind_name(f->kind));
  lua_setfield(L, -2, "kind");
  if (f->sent == SENT_UNKNOWN) lua_pushliteral(L, "unknown");
  else lua_pushboolean(L, f->sent == SENT_YES);
  lua_setfield(L, -2, "sent");
  lua_pushstring(L, f->message);
  lua_setfield(L, -2, "message");
  if (name) lua_pushstring(L, name);
  else lua_pushfstring(L, "CURLE_%d", (int)f->code);
  lua_setfield(L, -2, "code");
  if (f->proxy_status) {
    lua_pushinteger(L, (lua_Integer)f->proxy_status);
    lua_setfield(L, -2, "proxy_status");
  }
  return 2;
}

/* Pushes the headers as a table. Joins the values of headers with the same name by commas, as HTTP allows. */
static void push_headers(lua_State *L, const struct buffer *headers) {
  lua_createtable(L, 0, EXPECTED_HEADERS);
  for (size_t at = 0; at < headers->len;) {
    const char *name = headers->data + at;
    const char *value = name + strlen(name) + 1;
    at = (size_t)(value + strlen(value) + 1 - headers->data);
    lua_pushstring(L, name);
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      lua_pushstring(L, value);
    } else {
      lua_pushliteral(L, ", ");
      lua_pushstring(L, value);
      lua_concat(L, 3);
    }
    lua_rawset(L, -3);
  }
}

static int push_reply(lua_State *L, const struct transfer *t) {
  lua_pushinteger(L, t->status);
  push_headers(L, &t->reply.headers);
  lua_pushlstring(L, t->reply.body.data ? t->reply.body.data : "", t->reply.body.len);
  return 3;
}

int lua_push_result(lua_State *L, struct transfer *t) {
  reserve_stack(L, 10);
  headers_free(&t->headers);
  int results = t->state == TRANSFER_FAILED ? push_failure(L, &t->failure) : push_reply(L, t);
  transfer_clear(t);
  t->state = TRANSFER_IDLE;
  return results;
}
