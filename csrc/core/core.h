/* The pieces of dataworks.core. Each function below adds its functions to the table on top of the stack. */
#ifndef DATAWORKS_CORE_H
#define DATAWORKS_CORE_H

#include "compat.h"

#pragma GCC visibility push(hidden)

/* signer */
void core_signer_open(lua_State *L);

/* sign */
void core_sign_open(lua_State *L);

/* time, clock, random, nonce */
void core_host_open(lua_State *L);

/* stamp, write_private */
void core_file_open(lua_State *L);

/* run */
void core_run_open(lua_State *L);

#pragma GCC visibility pop

#endif
