/* luaopen_dataworks_curl: sessions, which block or share a multi, for Lua. Links libcurl only;
   never loaded inside nginx. */
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
#include "curl/headers.h"
#include "curl/multi.h"
#include "curl/session.h"

#define SESSION "dataworks.curl.session"
#define MULTI "dataworks.curl.multi"
#define DEFAULT_CONNECT_TIMEOUT 5.0
#define DEFAULT_MAX_REPLY_BYTES (16.0 * 1024 * 1024)
#define MOST_REPLY_BYTES (1024.0 * 1024 * 1024)
#define USUAL_HEADERS 8
/* A bound that fits a long of 32 bits too: 24 days in milliseconds. */
#define LONGEST_SECONDS 2000000.0

/* One that is free for a request. */
static struct session *check_session(lua_State *L, int index) {
  struct session *s = luaL_checkudata(L, index, SESSION);
  if (s->closed) luaL_error(L, "the session is closed");
  if (s->multi) luaL_error(L, "the session has a request under way");
  return s;
}

static double option_number(lua_State *L, const char *name, double otherwise, double least, double most) {
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
  s->connect_timeout_ms = milliseconds(option_number(L, "connect_timeout", DEFAULT_CONNECT_TIMEOUT, 0.001, HUGE_VAL));
  s->max_reply_bytes = (size_t)option_number(L, "max_reply_bytes", DEFAULT_MAX_REPLY_BYTES, 0, MOST_REPLY_BYTES);
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

/* Of the arguments from `first` on. */
static void check_request(lua_State *L, int first, const struct session *s, struct request *r) {
  static const char *const methods[] = { "GET", "POST", "PUT", NULL };
  size_t proxy_len;
  r->method = methods[luaL_checkoption(L, first, NULL, methods)];
  r->url = luaL_checklstring(L, first + 1, &r->url_len);
  check_headers(L, first + 2);
  r->body = luaL_optlstring(L, first + 3, "", &r->body_len);
  if (r->body_len && strcmp(r->method, "GET") == 0) luaL_argerror(L, first + 3, "GET has no body");
  r->timeout_ms = milliseconds(check_seconds(L, first + 4));
  r->connect_timeout_ms = s->connect_timeout_ms;
  if (!lua_isnoneornil(L, first + 5)) r->connect_timeout_ms = milliseconds(check_seconds(L, first + 5));
  r->proxy = luaL_optlstring(L, first + 6, "", &proxy_len);
  luaL_argcheck(L, strlen(r->proxy) == proxy_len, first + 6, "it has a NUL");
  /* To libcurl 0 is the default of five minutes; here it is no time left. */
  if (r->connect_timeout_ms <= 0) r->timeout_ms = 0;
}

/* A header that came several times is joined, as HTTP allows. */
static void push_headers(lua_State *L, const struct bytes *headers) {
  lua_createtable(L, 0, USUAL_HEADERS);
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

/* Status, headers, body. */
static int push_reply(lua_State *L, struct session *s, long status) {
  lua_pushinteger(L, status);
  push_headers(L, &s->reply.headers);
  lua_pushlstring(L, s->reply.body.data ? s->reply.body.data : "", s->reply.body.len);
  session_clear(s);
  return 3;
}

/* session:send(method, url, headers, body, timeout [, connect_timeout [, proxy]])
   -> status, headers, body | nil, err */
static int session_meth_send(lua_State *L) {
  struct session *s = check_session(L, 1);
  struct request request;
  struct failure failure;
  long status = 0;
  lua_settop(L, 8);
  check_request(L, 2, s, &request);
  luaL_checkstack(L, 10, NULL);

  session_clear(s);
  s->has_outcome = false;
  bool ok = add_headers(L, 4, s, &failure) && session_send(s, &request, &status, &failure);
  headers_free(&s->headers);
  if (!ok) return push_failure(L, &failure);
  return push_reply(L, s, status);
}

/* session:result() -> as send, once a multi's request is over. */
static int session_meth_result(lua_State *L) {
  struct session *s = luaL_checkudata(L, 1, SESSION);
  if (!s->has_outcome) return luaL_error(L, "the session has no result");
  luaL_checkstack(L, 10, NULL);
  headers_free(&s->headers);
  return s->ok ? push_reply(L, s, s->status) : push_failure(L, &s->failure);
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

/* curl.multi() */
static int curl_multi(lua_State *L) {
  struct multi *m = lua_newuserdata(L, sizeof *m);
  memset(m, 0, sizeof *m);
  luaL_getmetatable(L, MULTI);
  lua_setmetatable(L, -2);
  return 1;
}

static struct multi *check_multi(lua_State *L) {
  struct multi *m = luaL_checkudata(L, 1, MULTI);
  if (m->closed) luaL_error(L, "the multi is closed");
  return m;
}

/* multi:add(session, method, url, ...) -> id: as session:send, which it begins. The id, a light
   userdata, comes back from poll. Whoever adds a session keeps it: one that is collected is
   cancelled. */
static int multi_meth_add(lua_State *L) {
  struct multi *m = check_multi(L);
  struct session *s = check_session(L, 2);
  struct request request;
  lua_settop(L, 9);
  check_request(L, 3, s, &request);
  luaL_checkstack(L, 10, NULL);

  session_clear(s);
  if (add_headers(L, 5, s, &s->failure)) multi_add(m, s, &request);
  else multi_refuse(m, s);
  lua_pushlightuserdata(L, s);
  return 1;
}

/* multi:poll(seconds) -> list of ids of requests that are over */
static int multi_meth_poll(lua_State *L) {
  struct multi *m = check_multi(L);
  double seconds = check_seconds(L, 2);
  CURLMcode code = multi_poll(m, (int)milliseconds(seconds));
  if (code != CURLM_OK) return luaL_error(L, "libcurl: %s", curl_multi_strerror(code));
  lua_newtable(L);
  int count = 0;
  for (struct session *s; (s = multi_next(m));) {
    lua_pushlightuserdata(L, s);
    lua_rawseti(L, -2, ++count);
  }
  return 1;
}

/* multi:timeout() -> seconds until poll has something to do even if no socket is ready; nil: never */
static int multi_meth_timeout(lua_State *L) {
  int64_t left = multi_timeout(check_multi(L));
  if (left < 0) lua_pushnil(L);
  else lua_pushnumber(L, (lua_Number)left / 1000);
  return 1;
}

/* multi:fd() -> descriptor that is readable when a socket is ready; nil: the system has none */
static int multi_meth_fd(lua_State *L) {
  int fd = -1;
  if (!multi_fd(check_multi(L), &fd)) return luaL_error(L, "no descriptor, or no memory, is left");
  if (fd < 0) lua_pushnil(L);
  else lua_pushinteger(L, fd);
  return 1;
}

/* multi:cancel(session) -> was it under way here? Then its result is ready. */
static int multi_meth_cancel(lua_State *L) {
  struct multi *m = check_multi(L);
  struct session *s = luaL_checkudata(L, 2, SESSION);
  bool here = s->multi == m;
  if (here) multi_cancel(m, s);
  lua_pushboolean(L, here);
  return 1;
}

static int multi_meth_close(lua_State *L) {
  multi_close(luaL_checkudata(L, 1, MULTI));
  return 0;
}

static int multi_meta_tostring(lua_State *L) {
  const struct multi *m = luaL_checkudata(L, 1, MULTI);
  lua_pushfstring(L, "dataworks.curl multi (%s)", m->closed ? "closed" : "open");
  return 1;
}

static const luaL_Reg session_methods[] = {
  { "send", session_meth_send },
  { "result", session_meth_result },
  { "close", session_meth_close },
  { NULL, NULL },
};

static const luaL_Reg session_metamethods[] = {
  { "__gc", session_meth_close },
  { "__close", session_meth_close },
  { "__tostring", session_meta_tostring },
  { NULL, NULL },
};

static const luaL_Reg multi_methods[] = {
  { "add", multi_meth_add },
  { "poll", multi_meth_poll },
  { "timeout", multi_meth_timeout },
  { "fd", multi_meth_fd },
  { "cancel", multi_meth_cancel },
  { "close", multi_meth_close },
  { NULL, NULL },
};

static const luaL_Reg multi_metamethods[] = {
  { "__gc", multi_meth_close },
  { "__close", multi_meth_close },
  { "__tostring", multi_meta_tostring },
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "new", curl_new },
  { "multi", curl_multi },
  { "sleep", curl_sleep },
  { NULL, NULL },
};

static void make_class(lua_State *L, const char *key, const char *name, const luaL_Reg *meta, const luaL_Reg *methods) {
  if (luaL_newmetatable(L, key)) {
    luaL_setfuncs(L, meta, 0);
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
  }
  lua_pop(L, 1);
}

DATAWORKS_EXPORT int luaopen_dataworks_curl(lua_State *L);
DATAWORKS_EXPORT int luaopen_dataworks_curl(lua_State *L) {
  make_class(L, SESSION, "dataworks.curl session", session_metamethods, session_methods);
  make_class(L, MULTI, "dataworks.curl multi", multi_metamethods, multi_methods);
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
  return 1;
}
