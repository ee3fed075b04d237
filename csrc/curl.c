/* luaopen_dataworks_curl: the blocking session, for Lua. Links libcurl only; never loaded inside
   nginx. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* nanosleep */
#endif

#include <lauxlib.h>
#include <lua.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compat.h"
#include "curl_headers.h"
#include "curl_session.h"

#define SESSION "dataworks.curl.session"
#define DEFAULT_CONNECT_TIMEOUT 5.0
#define DEFAULT_MAX_REPLY_BYTES (16.0 * 1024 * 1024)
#define MOST_REPLY_BYTES (1024.0 * 1024 * 1024)
/* A bound that fits a long of 32 bits too: 24 days in milliseconds. */
#define LONGEST_SECONDS 2000000.0

static struct session *check_session(lua_State *L) {
  struct session *s = luaL_checkudata(L, 1, SESSION);
  if (s->closed) luaL_error(L, "the session is closed");
  return s;
}

static double option_number(lua_State *L, const char *name, double otherwise, double least,
                            double most) {
  double value = otherwise;
  lua_getfield(L, 1, name);
  if (!lua_isnil(L, -1)) {
    if (lua_type(L, -1) != LUA_TNUMBER) luaL_error(L, "option %s must be a number", name);
    value = (double)lua_tonumber(L, -1);
    if (!(value >= least && value <= most)) luaL_error(L, "option %s is out of range", name);
  }
  lua_pop(L, 1);
  return value;
}

static void option_text(lua_State *L, const char *name, char **copy) {
  lua_getfield(L, 1, name);
  if (!lua_isnil(L, -1)) {
    if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "option %s must be a string", name);
    size_t len;
    const char *text = lua_tolstring(L, -1, &len);
    if (memchr(text, '\0', len)) luaL_error(L, "option %s has a NUL in it", name);
    *copy = malloc(len + 1);
    if (!*copy) luaL_error(L, "not enough memory");
    memcpy(*copy, text, len + 1);
  }
  lua_pop(L, 1);
}

static long option_min_tls(lua_State *L) {
  long version = CURL_SSLVERSION_TLSv1_2;
  lua_getfield(L, 1, "min_tls");
  if (!lua_isnil(L, -1)) {
    const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    if (strcmp(name, "1.3") == 0) version = CURL_SSLVERSION_TLSv1_3;
    else if (strcmp(name, "1.2") != 0) luaL_error(L, "option min_tls must be \"1.2\" or \"1.3\"");
  }
  lua_pop(L, 1);
  return version;
}

static long milliseconds(double seconds) {
  if (seconds <= 0) return 0;
  if (seconds > LONGEST_SECONDS) seconds = LONGEST_SECONDS;
  return (long)ceil(seconds * 1000);
}

static int curl_new(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  struct session *s = lua_newuserdata(L, sizeof *s);
  memset(s, 0, sizeof *s);
  luaL_getmetatable(L, SESSION);
  lua_setmetatable(L, -2);
  s->connect_timeout_ms = milliseconds(
      option_number(L, "connect_timeout", DEFAULT_CONNECT_TIMEOUT, 0.001, HUGE_VAL));
  s->max_reply_bytes = (size_t)option_number(L, "max_reply_bytes", DEFAULT_MAX_REPLY_BYTES, 0,
                                             MOST_REPLY_BYTES);
  lua_getfield(L, 1, "allow_http");
  s->allow_http = lua_toboolean(L, -1);
  lua_pop(L, 1);
  s->min_tls = option_min_tls(L);
  option_text(L, "ca_file", &s->ca_file);
  option_text(L, "client_certificate", &s->client_certificate);
  option_text(L, "client_key", &s->client_key);
  option_text(L, "client_key_password", &s->client_key_password);
  return 1;
}

/* nil, {kind=, sent=, message=, code=, proxy_status=} */
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

/* Wrong types raise here, before any copy of a secret exists. */
static void check_headers(lua_State *L, int index) {
  luaL_checktype(L, index, LUA_TTABLE);
  lua_pushnil(L);
  while (lua_next(L, index)) {
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
      luaL_argerror(L, index, "header names and values must be strings");
    lua_pop(L, 1);
  }
}

static bool add_headers(lua_State *L, int index, struct session *s, struct failure *failure) {
  lua_pushnil(L);
  while (lua_next(L, index)) {
    size_t name_len, value_len;
    const char *name = lua_tolstring(L, -2, &name_len);
    const char *value = lua_tolstring(L, -1, &value_len);
    if (!session_add_header(s, name, name_len, value, value_len, failure)) {
      lua_pop(L, 2);
      return false;
    }
    lua_pop(L, 1);
  }
  return true;
}

static double check_seconds(lua_State *L, int index) {
  double seconds = (double)luaL_checknumber(L, index);
  luaL_argcheck(L, !isnan(seconds), index, "not a number");
  return seconds;
}

static void check_request(lua_State *L, const struct session *s, struct request *r) {
  static const char *const methods[] = { "GET", "POST", "PUT", NULL };
  size_t proxy_len;
  r->method = methods[luaL_checkoption(L, 2, NULL, methods)];
  r->url = luaL_checklstring(L, 3, &r->url_len);
  check_headers(L, 4);
  r->body = luaL_optlstring(L, 5, "", &r->body_len);
  if (r->body_len && strcmp(r->method, "GET") == 0) luaL_argerror(L, 5, "GET has no body");
  r->timeout_ms = milliseconds(check_seconds(L, 6));
  r->connect_timeout_ms = s->connect_timeout_ms;
  if (!lua_isnoneornil(L, 7)) r->connect_timeout_ms = milliseconds(check_seconds(L, 7));
  r->proxy = luaL_optlstring(L, 8, "", &proxy_len);
  luaL_argcheck(L, strlen(r->proxy) == proxy_len, 8, "it has a NUL");
  /* To libcurl 0 is the default of five minutes; here it is no time left. */
  if (r->connect_timeout_ms <= 0) r->timeout_ms = 0;
}

/* A header that came several times is joined, as HTTP allows. */
static void push_headers(lua_State *L, const struct bytes *headers) {
  lua_newtable(L);
  for (size_t at = 0; at < headers->len;) {
    const char *name = headers->data + at;
    const char *value = name + strlen(name) + 1;
    at = (size_t)(value + strlen(value) + 1 - headers->data);
    lua_getfield(L, -1, name);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      lua_pushstring(L, value);
    } else {
      lua_pushliteral(L, ", ");
      lua_pushstring(L, value);
      lua_concat(L, 3);
    }
    lua_setfield(L, -2, name);
  }
}

/* session:send(method, url, headers, body, timeout [, connect_timeout [, proxy]])
   -> status, headers, body | nil, err */
static int session_meth_send(lua_State *L) {
  struct session *s = check_session(L);
  struct request request;
  struct failure failure;
  long status = 0;
  lua_settop(L, 8);
  check_request(L, s, &request);
  luaL_checkstack(L, 10, NULL);

  session_clear(s);
  bool ok = add_headers(L, 4, s, &failure) && session_send(s, &request, &status, &failure);
  headers_free(&s->headers);
  if (!ok) return push_failure(L, &failure);
  lua_pushinteger(L, status);
  push_headers(L, &s->reply.headers);
  lua_pushlstring(L, s->reply.body.data ? s->reply.body.data : "", s->reply.body.len);
  session_clear(s);
  return 3;
}

static int session_meth_close(lua_State *L) {
  session_close(luaL_checkudata(L, 1, SESSION));
  return 0;
}

static int session_meta_tostring(lua_State *L) {
  const struct session *s = luaL_checkudata(L, 1, SESSION);
  lua_pushfstring(L, "dataworks.curl session (%s)", s->closed ? "closed" : "open");
  return 1;
}

/* curl.sleep(seconds): a signal ends it early, so that Ctrl-C isn't kept waiting. */
static int curl_sleep(lua_State *L) {
  double seconds = check_seconds(L, 1);
  if (seconds > LONGEST_SECONDS) seconds = LONGEST_SECONDS;
  if (seconds > 0) {
    struct timespec t = { .tv_sec = (time_t)seconds };
    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    nanosleep(&t, NULL);
  }
  return 0;
}

static const luaL_Reg session_methods[] = {
  { "send", session_meth_send },
  { "close", session_meth_close },
  { NULL, NULL },
};

static const luaL_Reg session_metamethods[] = {
  { "__gc", session_meth_close },
  { "__close", session_meth_close },
  { "__tostring", session_meta_tostring },
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "new", curl_new },
  { "sleep", curl_sleep },
  { NULL, NULL },
};

DATAWORKS_EXPORT int luaopen_dataworks_curl(lua_State *L);
DATAWORKS_EXPORT int luaopen_dataworks_curl(lua_State *L) {
  if (luaL_newmetatable(L, SESSION)) {
    luaL_setfuncs(L, session_metamethods, 0);
    lua_pushliteral(L, "dataworks.curl session");
    lua_setfield(L, -2, "__name");
    lua_newtable(L);
    luaL_setfuncs(L, session_methods, 0);
    lua_setfield(L, -2, "__index");
  }
  lua_pop(L, 1);
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
  return 1;
}
