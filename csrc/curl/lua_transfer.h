/* What the Lua sides of sessions and multis share: the arguments of a request, and its result. */
#pragma once

#include "compat.h"
#include "curl/multi.h"

#pragma GCC visibility push(hidden)

#define SESSION "dataworks.curl session"
#define MULTI "dataworks.curl multi"

/* 23 days, whose milliseconds fit a long of 32 bits. */
#define MAX_SECONDS 2000000.0

void lua_create_session_class(lua_State *L);
void lua_create_multi_class(lua_State *L);

/* curl.new and curl.multi */
int lua_new_session(lua_State *L);
int lua_new_multi(lua_State *L);

/* A session that is open and has no request in flight; raises otherwise. */
struct multi_entry *lua_check_idle_session(lua_State *L, int index);

double lua_check_seconds(lua_State *L, int index);

/* 0 for none and for a negative time; bounded. */
long lua_milliseconds(double seconds);

/* Parses the arguments from `first` on: method, url, headers, body, timeout [, connect_timeout [, proxy]]. Raises for a
   wrong type, before a secret is copied. */
void lua_check_request(lua_State *L, int first, const struct transfer *t, struct request *r);

/* Adds the headers at `index`, after lua_check_request. False: t->failure says why. */
bool lua_add_headers(lua_State *L, int index, struct transfer *t);

/* Pushes status, headers and body, or nil and {kind=, sent=, message=, code=, proxy_status=}. Then the result is gone; it
   stays when Lua has no memory for it. */
int lua_push_result(lua_State *L, struct transfer *t);

#pragma GCC visibility pop
