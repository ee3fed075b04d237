#include "curl/lua_transfer.h"

#include "shared/signed_request.h"

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

/* Checks that the value on top of the stack is a table of strings, or nil. */
static void check_headers(lua_State *L, int arg) {
  if (lua_isnil(L, -1)) return;
  luaL_argcheck(L, lua_istable(L, -1), arg, "headers must be a table");
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    bool strings = lua_type(L, -2) == LUA_TSTRING && lua_type(L, -1) == LUA_TSTRING;
    luaL_argcheck(L, strings, arg, "header names and values must be strings");
  }
}

/* Pushes a field of the table at `arg`. Calls no metamethod, so that the field is the same each time. */
static void push_field(lua_State *L, int arg, const char *name) {
  lua_pushstring(L, name);
  lua_rawget(L, arg);
}

/* Returns a string of the table at `arg`. The string stays on the stack, because a finalizer may change the table. */
static struct slice text_field(lua_State *L, int arg, const char *name, const char *otherwise) {
  struct slice text;
  push_field(L, arg, name);
  if (lua_isnil(L, -1) && otherwise) return (struct slice){ otherwise, strlen(otherwise) };
  if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "%s: string expected, got %s", name, luaL_typename(L, -1));
  text.data = lua_tolstring(L, -1, &text.len);
  return text;
}

/* Leaves the headers on top of the stack. Lua allocates nothing after their check, so that no finalizer changes them. */
static void check_table(lua_State *L, int arg, struct request *r) {
  luaL_checktype(L, arg, LUA_TTABLE);
  r->method = text_field(L, arg, "method", NULL).data;
  r->url = text_field(L, arg, "url", NULL);
  r->body = text_field(L, arg, "body", "");
  push_field(L, arg, "headers");
  check_headers(L, arg);
}

static const struct signed_request *to_signed_request(lua_State *L, int arg) {
  return lua_isuserdata(L, arg) ? luaL_checkudata(L, arg, SIGNED_REQUEST) : NULL;
}

/* Checks the method, and replaces it by a literal. */
static void check_method(lua_State *L, int arg, struct request *r) {
  static const char *const methods[] = { "GET", "POST", "PUT" };
  const char *known = NULL;
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    if (strcmp(r->method, methods[i]) == 0) known = methods[i];
  }
  if (!known) luaL_error(L, "invalid method '%s'", r->method);
  r->method = known;
  if (r->body.len && strcmp(r->method, "GET") == 0) luaL_argerror(L, arg, "GET has no body");
}

struct multi_entry *lua_check_request(lua_State *L, int session, struct request *r) {
  const int arg = session + 1, timeout = session + 2, connect_timeout = session + 3, proxy = session + 4;
  const struct signed_request *signed_request = to_signed_request(L, arg);
  size_t proxy_len;
  r->proxy = luaL_optlstring(L, proxy, "", &proxy_len);
  luaL_argcheck(L, strlen(r->proxy) == proxy_len, proxy, "it has a NUL");
  if (signed_request) {
    r->method = signed_request->method.data;
    r->url = signed_request->url;
    r->body = signed_request->body;
  } else {
    check_table(L, arg, r);
  }
  check_method(L, arg, r);
  struct multi_entry *entry = lua_check_idle_session(L, session);
  r->timeout_ms = lua_milliseconds(lua_check_seconds(L, timeout));
  r->connect_timeout_ms = entry->transfer.session.connect_timeout_ms;
  if (!lua_isnoneornil(L, connect_timeout)) {
    r->connect_timeout_ms = lua_milliseconds(lua_check_seconds(L, connect_timeout));
  }
  /* libcurl would replace 0 by its default of five minutes. Here 0 means that no time is left. */
  if (r->connect_timeout_ms <= 0) r->timeout_ms = 0;
  return entry;
}

static bool add_signed_headers(struct transfer *t, const struct signed_request *r) {
  for (size_t i = 0; i < r->header_count; i++) {
    if (!transfer_add_header(t, r->headers[i].name, r->headers[i].value)) return false;
  }
  return true;
}

/* Adds the headers in the table on top of the stack, if there is one. */
static bool add_table_headers(lua_State *L, struct transfer *t) {
  if (lua_isnil(L, -1)) return true;
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    struct slice name, value;
    name.data = lua_tolstring(L, -2, &name.len);
    value.data = lua_tolstring(L, -1, &value.len);
    if (transfer_add_header(t, name, value)) continue;
    lua_pop(L, 2);
    return false;
  }
  return true;
}

bool lua_add_headers(lua_State *L, int index, struct transfer *t) {
  const struct signed_request *signed_request = to_signed_request(L, index);
  return signed_request ? add_signed_headers(t, signed_request) : add_table_headers(L, t);
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

/* Joins the values of headers with the same name by commas, as HTTP allows. */
int lua_headers(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  lua_createtable(L, 0, EXPECTED_HEADERS);
  for (size_t at = 0; at < len;) {
    const char *name = text + at;
    const char *value = name + strlen(name) + 1;
    luaL_argcheck(L, value <= text + len, 1, "not a text of headers");
    at = (size_t)(value + strlen(value) + 1 - text);
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
  return 1;
}

static void push_text(lua_State *L, const struct buffer *text) {
  lua_pushlstring(L, text->len ? text->data : "", text->len);
}

static int push_reply(lua_State *L, const struct result *result) {
  lua_pushinteger(L, result->status);
  push_text(L, &result->headers);
  push_text(L, &result->body);
  return 3;
}

int lua_push_taken_result(lua_State *L) {
  const struct result *result = lua_touserdata(L, 1);
  reserve_stack(L, 10);
  return result->failed ? push_failure(L, &result->failure) : push_reply(L, result);
}

/* Lua runs finalizers when it creates the strings, and these may use the session or close it. Therefore the result is
   taken out of the transfer first. */
int lua_push_result(lua_State *L, int push, struct transfer *t) {
  struct result result;
  reserve_stack(L, 5);
  lua_pushvalue(L, push);
  lua_pushlightuserdata(L, &result);
  transfer_take_result(t, &result);
  int top = lua_gettop(L) - 2;
  int status = lua_pcall(L, 1, LUA_MULTRET, 0);
  result_free(&result);
  return status ? lua_error(L) : lua_gettop(L) - top;
}
