/* Functions that the Lua classes of sessions and multis share: they read the arguments of a request and push its
   result. */
#pragma once

#include "compat.h"
#include "curl/multi.h"
#include "shared/lua_hook.h"

#pragma GCC visibility push(hidden)

#define SESSION "dataworks.curl session"
#define MULTI "dataworks.curl multi"

/* About 23 days: its milliseconds fit into a long of 32 bits. */
#define MAX_SECONDS 2000000.0

/* Create the metatables of the two kinds of userdata. */
void lua_create_session_class(lua_State *L);
void lua_create_multi_class(lua_State *L);

/* new(options) -> session; multi() -> multi */
int lua_new_session(lua_State *L);
int lua_new_multi(lua_State *L);

/* Returns the session at `index`. Raises if it is closed or has a request in flight. */
struct multi_entry *lua_check_idle_session(lua_State *L, int index);

/* Returns the number at `index`. Raises for NaN and for any other value. */
double lua_check_seconds(lua_State *L, int index);

/* Returns the milliseconds, rounded up: 0 for a negative time, and at most those of MAX_SECONDS. */
long lua_milliseconds(double seconds);

/* Reads the arguments from `first` on into `r`: method, url, headers, body, timeout [, connect_timeout [, proxy]].
   Raises for a wrong argument, before any secret is copied. */
void lua_check_request(lua_State *L, int first, const struct transfer *t, struct request *r);

/* Adds the headers in the table at `index`, which lua_check_request has checked. On failure returns false and sets
   t->failure. */
bool lua_add_headers(lua_State *L, int index, struct transfer *t);

/* Pushes status, headers and body, or nil and {kind=, sent=, message=, code=, proxy_status=}. Returns the number of
   values. Clears the transfer afterwards; if Lua has no memory for the values, the transfer keeps its result. */
int lua_push_result(lua_State *L, struct transfer *t);

#pragma GCC visibility pop
