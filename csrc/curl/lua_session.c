#include "curl/lua_transfer.h"

#include <math.h>
#include <stdlib.h>

#define DEFAULT_CONNECT_TIMEOUT 5.0
#define DEFAULT_MAX_REPLY_BYTES (16.0 * 1024 * 1024)
#define MAX_MAX_REPLY_BYTES (1024.0 * 1024 * 1024)

/* Returns a number among the options, or `otherwise`. Raises if the number is out of range. */
static double option_number(lua_State *L, const char *name, double otherwise, double min, double max) {
  double value = otherwise;
  lua_getfield(L, 1, name);
  if (!lua_isnil(L, -1)) {
    if (lua_type(L, -1) != LUA_TNUMBER) luaL_error(L, "option %s must be a number", name);
    value = (double)lua_tonumber(L, -1);
    if (!(value >= min && value <= max)) luaL_error(L, "option %s is out of range", name);
  }
  lua_pop(L, 1);
  return value;
}

/* Stores a copy of a string among the options, if it is given. The session's identity frees the copy. */
static void option_text(lua_State *L, const char *name, char **copy) {
  lua_getfield(L, 1, name);
  if (!lua_isnil(L, -1)) {
    if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "option %s must be a string", name);
    size_t len;
    const char *text = lua_tolstring(L, -1, &len);
    if (memchr(text, '\0', len)) luaL_error(L, "option %s has a NUL in it", name);
    *copy = malloc(len + 1);
    if (!*copy) out_of_memory(L);
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

int lua_new_session(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  struct multi_entry *entry = lua_newuserdata(L, sizeof *entry);
  memset(entry, 0, sizeof *entry);
  luaL_setmetatable(L, SESSION);
  struct session *s = &entry->transfer.session;
  s->identity = identity_new();
  if (!s->identity) out_of_memory(L);
  double connect_timeout = option_number(L, "connect_timeout", DEFAULT_CONNECT_TIMEOUT, 0.001, HUGE_VAL);
  s->connect_timeout_ms = lua_milliseconds(connect_timeout);
  s->max_reply_bytes = (size_t)option_number(L, "max_reply_bytes", DEFAULT_MAX_REPLY_BYTES, 0, MAX_MAX_REPLY_BYTES);
  lua_getfield(L, 1, "allow_http");
  s->allow_http = lua_toboolean(L, -1);
  lua_pop(L, 1);
  s->identity->min_tls = option_min_tls(L);
  option_text(L, "ca_file", &s->identity->ca_file);
  option_text(L, "client_certificate", &s->identity->client_certificate);
  option_text(L, "client_key", &s->identity->client_key);
  option_text(L, "client_key_password", &s->identity->client_key_password);
  return 1;
}

static struct multi_entry *to_session(lua_State *L, int index) {
  return luaL_checkudata(L, index, SESSION);
}

struct multi_entry *lua_check_idle_session(lua_State *L, int index) {
  struct multi_entry *entry = to_session(L, index);
  if (entry->transfer.session.closed) luaL_error(L, "the session is closed");
  if (entry->multi) luaL_error(L, "the session has a request in flight");
  return entry;
}

/* session:send(request, timeout [, connect_timeout [, proxy]]) -> status, headers, body | nil, err. The headers are a
   text, which the function `headers` of the module reads. Ctrl-C cancels the request. */
static int session_send(lua_State *L) {
  struct request request;
  struct lua_hook hook;
  const struct interruption interruption = { lua_hook_was_set, &hook };
  lua_settop(L, 5);
  lua_pushcfunction(L, lua_push_taken_result);
  lua_read_hook(L, &hook);
  struct transfer *t = &lua_check_request(L, 1, &request)->transfer;
  reserve_stack(L, 10);
  transfer_clear(t);
  if (lua_add_headers(L, 2, t)) transfer_send(t, &request, &interruption);
  return lua_push_result(L, 6, t);
}

/* session:result() -> what send returns. For a request that a multi has completed; the result can be taken once. */
static int session_result(lua_State *L) {
  struct transfer *t = &to_session(L, 1)->transfer;
  lua_settop(L, 1);
  lua_pushcfunction(L, lua_push_taken_result);
  bool completed = t->state == TRANSFER_SUCCEEDED || t->state == TRANSFER_FAILED;
  return completed ? lua_push_result(L, 2, t) : luaL_error(L, "the session has no result");
}

/* close(), __gc and __close */
static int session_meta_close(lua_State *L) {
  struct multi_entry *entry = to_session(L, 1);
  if (entry->multi) multi_cancel(entry->multi, entry);
  transfer_close(&entry->transfer);
  return 0;
}

static int session_tostring(lua_State *L) {
  lua_pushfstring(L, SESSION " (%s)", to_session(L, 1)->transfer.session.closed ? "closed" : "open");
  return 1;
}

void lua_create_session_class(lua_State *L) {
  static const luaL_Reg methods[] = {
    { "send", session_send }, { "result", session_result }, { "close", session_meta_close }, { NULL, NULL }
  };
  static const luaL_Reg metamethods[] = {
    { "__gc", session_meta_close },
    { "__close", session_meta_close },
    { "__tostring", session_tostring },
    { NULL, NULL },
  };
  new_class(L, SESSION, metamethods, methods);
}
