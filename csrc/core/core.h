/* The functions of dataworks.core; each says at its definition what it takes and returns. */
#pragma once

#include "compat.h"
#include "core/action.h"
#include "core/scratch.h"

#pragma GCC visibility push(hidden)

/* clang-format off */
#define CORE_FUNCTIONS(X) \
  X(configure) X(generate) X(request) X(encode) X(quote_integers) X(list) X(signer) X(sign) X(percent_encode) \
  X(percent_decode) X(base64_encode) X(decimal) X(digest) X(parse_date) X(parse_address) X(is_loopback) X(is_yieldable) \
  X(time) X(clock) X(random) X(nonce) X(stamp) X(write_private) X(run)
/* clang-format on */

#define DECLARE_FUNCTION(name) int core_##name(lua_State *L);
CORE_FUNCTIONS(DECLARE_FUNCTION)
#undef DECLARE_FUNCTION

/* lua_sign.c, lua_signer.c. The open functions make the metatables of a room's userdata. */
void core_create_signer_class(lua_State *L);

/* Pushes a closed one. */
struct signer *new_signer(lua_State *L);

/* openssl_origin.c. Raises unless all of OpenSSL comes from one library of version 3. */
void core_check_openssl(lua_State *L);

/* core.c. Pushes the shared memory; another one while it is taken, or when an error has left it taken. */
struct scratch *take_scratch(lua_State *L);
void release_scratch(struct scratch *s);

/* system/process.c, clock.c */
void core_create_run_class(lua_State *L);
double monotonic_seconds(void);

/* Pushes what the system says of an errno. */
void push_system_error(lua_State *L, int error);

/* action_row.c. A row of api/actions.lua or its catalog becomes a struct action once. Rows are constants: a change after
   the first request has no effect. */
void action_row_create_cache(lua_State *L);

/* Pushes a value that keeps the action alive. Raises for a row of the wrong shape. `row` is absolute. */
const struct action *action_row_push(lua_State *L, int row);

/* request.c. Name of the metatable of a struct signer. */
#define REQUEST_SIGNER "dataworks.signer"

/* Pushes the request {method, url, headers, body} and returns 1, or nil and an error and returns 2. Both indices are
   absolute. A context of the wrong shape raises. */
int request_build(lua_State *L, struct scratch *s, const struct action *action, int params, int context);

#pragma GCC visibility pop
