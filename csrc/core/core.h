/* Functions that the files of dataworks.core share. A comment at the definition of each core_ function says what the
   Lua function takes and returns. */
#pragma once

#include "compat.h"
#include "core/action.h"
#include "core/scratch.h"

#pragma GCC visibility push(hidden)

/* clang-format off */
#define CORE_FUNCTIONS(X) \
  X(configure) X(generate) X(request) X(signed_request) X(encode) X(encoder) X(faults) X(decode) X(decoder) X(decode_unique) X(decode_reply) X(locate) X(list) X(wrap_names) X(is_null) X(signer) X(sign) \
  X(percent_encode) X(percent_decode) X(base64_encode) X(decimal) X(digest) X(parse_date) X(parse_address) X(is_loopback) X(is_yieldable) \
  X(time) X(clock) X(random) X(stamp) X(write_private) X(lock) X(run) X(terminal) X(occupy_standard) X(alarm) X(bytecode)
/* clang-format on */

#define DECLARE_FUNCTION(name) int core_##name(lua_State *L);
CORE_FUNCTIONS(DECLARE_FUNCTION)
#undef DECLARE_FUNCTION

/* lua_integer.c. Creates the metatable of integers that Lua's numbers don't hold. */
void core_create_integer_class(lua_State *L);

/* lua_signer.c. Creates the metatable of a signer. */
void core_create_signer_class(lua_State *L);

/* Pushes a signer that has no keys yet. */
struct signer *new_signer(lua_State *L);

/* openssl_origin.c. Raises unless all of OpenSSL's functions come from one library, of version 3 or newer. */
void core_check_openssl(lua_State *L);

/* core.c. Pushes the scratch of this function, and marks it as taken. Pushes a new scratch instead if the present
   one is still taken. A scratch stays taken while a request is being built, and after an error has ended the
   building of a request. */
struct scratch *take_scratch(lua_State *L);

/* Empties the scratch and marks it as free. */
void release_scratch(struct scratch *s);

/* system/process.c. Creates the metatable of a running program. */
void core_create_run_class(lua_State *L);

/* system/bytecode.c. Creates the metatable of a file of bytecode. */
void core_create_bytecode_class(lua_State *L);

/* system/clock.c */
double monotonic_seconds(void);

/* system/random.c. Pushes the function nonce. */
void core_push_nonce(lua_State *L);

/* Pushes the system's message for an errno. */
void push_system_error(lua_State *L, int error);

/* action_row.c. Creates the cache of compiled rows. A row of api/actions.lua, or of the catalog, is compiled into a
   struct action at its first use. Later changes of the row have no effect. */
void action_row_create_cache(lua_State *L);

/* Returns the action of the row at `row` (absolute), and pushes a value that keeps the action in memory. Raises for a
   row of the wrong shape. */
const struct action *action_row_push(lua_State *L, int row);

/* request.c. The name of a signer's metatable. */
#define REQUEST_SIGNER "dataworks.signer"

struct signed_request;
typedef void request_push(lua_State *L, const struct signed_request *request);

/* Builds and signs a request. Pushes it with `push` and returns 1, or pushes nil and an error and returns 2. The indices
   of the tables `params` and `context` are absolute. Raises for a context of the wrong shape. */
int request_build(lua_State *L, struct scratch *s, const struct action *action, int params, int context,
                  request_push *push);

/* lua_signed_request.c. Creates the metatable of a signed request. */
void core_create_signed_request_class(lua_State *L);

/* Pushes {method, url, headers, body}. */
void signed_request_push_table(lua_State *L, const struct signed_request *request);

/* Pushes a userdata that holds all bytes of the request, and has the same fields. */
void signed_request_push(lua_State *L, const struct signed_request *request);

#pragma GCC visibility pop
