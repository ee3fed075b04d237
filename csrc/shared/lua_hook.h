#pragma once

#include <lua.h>
#include <stdbool.h>

#pragma GCC visibility push(hidden)

/* The debug hook of a Lua thread at one moment. On SIGINT, the interpreters set a hook that raises "interrupted!". */
struct lua_hook {
  lua_State *thread;
  lua_Hook function;
  int mask;
  int count;
};

/* Stores the hook of the state's main thread in `hook`. */
void lua_read_hook(lua_State *L, struct lua_hook *hook);

/* Returns whether the thread has a hook that it did not have when `hook` was read. `context` is a struct lua_hook. */
bool lua_hook_was_set(void *context);

/* Stores the main thread in the registry if L is the main thread. Lua 5.1 has no function that finds it. */
void lua_store_main_thread(lua_State *L);

#pragma GCC visibility pop
