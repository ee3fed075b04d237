/* The functions of dataworks.core; each says at its definition what it takes and returns. */
#pragma once

#include "compat.h"

#pragma GCC visibility push(hidden)

/* lua_text.c */
int core_percent_encode(lua_State *L);
int core_percent_decode(lua_State *L);
int core_base64_encode(lua_State *L);
int core_decimal(lua_State *L);
int core_digest(lua_State *L);
int core_parse_date(lua_State *L);
int core_parse_address(lua_State *L);
int core_is_loopback(lua_State *L);

/* lua_sign.c, lua_signer.c. The open functions make the metatables of a room's userdata. */
int core_sign(lua_State *L);
void core_signer_open(lua_State *L);
int core_signer(lua_State *L);

/* Pushes a closed one. */
struct signer *new_signer(lua_State *L);

/* openssl_origin.c. Raises unless all of OpenSSL comes from one library of version 3. */
void core_check_openssl(lua_State *L);

/* core.c. Pushes the shared memory; another one while it is taken, or when an error has left it taken. */
struct scratch *take_scratch(lua_State *L);
void give_scratch(struct scratch *s);

/* system/clock.c, random.c, file.c, process.c */
int core_time(lua_State *L);
int core_clock(lua_State *L);
int core_random(lua_State *L);
int core_nonce(lua_State *L);
int core_stamp(lua_State *L);
int core_write_private(lua_State *L);
void core_process_open(lua_State *L);
int core_run(lua_State *L);

#pragma GCC visibility pop
