/* Parameters, an action and a context in; a signed request out. Pure: everything it needs is handed in. */
#pragma once

#include "compat.h"
#include "core/action.h"
#include "core/scratch.h"

#pragma GCC visibility push(hidden)

/* Name of the metatable of a struct signer. */
#define REQUEST_SIGNER "dataworks.signer"

/* Pushes the request {method, url, headers, body} and returns 1, or nil and an error and returns 2. Both indices are
   absolute. A context of the wrong shape raises. */
int request_build(lua_State *L, struct scratch *s, const struct action *action, int params, int context);

#pragma GCC visibility pop
