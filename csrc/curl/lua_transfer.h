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

/* Reads the arguments from `session` on into `r`: session, request, timeout [, connect_timeout [, proxy]]. The request
   is a signed request of dataworks.core, or a table {method, url, headers, body}, whose headers stay on top of the
   stack. Raises for a wrong argument, before any secret is copied. Returns the session. It is checked after Lua's last
   allocation, because a finalizer can close the session, or begin a request with it. */
struct multi_entry *lua_check_request(lua_State *L, int session, struct request *r);

/* Adds the headers of the request at `index`, after lua_check_request. Those of a table are on top of the stack. On
   failure returns false and sets t->failure. */
bool lua_add_headers(lua_State *L, int index, struct transfer *t);

/* headers(text) -> table of the headers in a text of session:send. The names are in lower case. */
int lua_headers(lua_State *L);

/* The function that pushes the values of a result. Push this function before the request is sent, because Lua 5.1 may
   lack memory for it. */
int lua_push_taken_result(lua_State *L);

/* Pushes status, the headers as one text, and body, or nil and {kind=, sent=, message=, code=, proxy_status=}. Returns
   the number of values. The function lua_push_taken_result is at the index `push`. Afterwards the transfer is idle, also
   if Lua has no memory for the values. */
int lua_push_result(lua_State *L, int push, struct transfer *t);

#pragma GCC visibility pop
