/* Opens the Lua module dataworks.core: requests, signatures, JSON and system functions. The module links libcrypto
   only. */
#include "core/core.h"
#include "shared/lua_hook.h"

#include "core/encoding.h"
#include "core/scratch.h"
#include "core/script.h"

#define SCRATCH "dataworks.scratch"

/* The address of this variable is a key of the registry. Its value is the action row that core.generate uses. */
static const char generate_key = 'g';

static struct scratch *new_scratch(lua_State *L) {
  struct scratch *s = lua_newuserdata(L, sizeof *s);
  memset(s, 0, sizeof *s);
  luaL_setmetatable(L, SCRATCH);
  return s;
}

/* The scratch can be taken when a request begins, because a finalizer may build a request while another one is
   built. */
struct scratch *take_scratch(lua_State *L) {
  struct scratch *s = lua_touserdata(L, lua_upvalueindex(1));
  if (s->taken) {
    s = new_scratch(L);
    lua_replace(L, lua_upvalueindex(1));
  }
  lua_pushvalue(L, lua_upvalueindex(1));
  s->taken = true;
  return s;
}

void release_scratch(struct scratch *s) {
  scratch_reset(s);
  s->taken = false;
}

static int scratch_gc(lua_State *L) {
  scratch_wipe(luaL_checkudata(L, 1, SCRATCH));
  return 0;
}

/* configure{generate = row, writers = rows}. Stores the rows that api/core_data.lua hands over. */
int core_configure(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  lua_getfield(L, 1, "generate");
  lua_getfield(L, 1, "writers");
  luaL_argcheck(L, lua_istable(L, 2) && lua_istable(L, 3), 1, "tables expected as generate and writers");
  writers_set(L, 3);
  lua_settop(L, 2);
  registry_set(L, &generate_key);
  return 0;
}

static int build_request(lua_State *L, const struct action *action, int params, int context, request_push *push) {
  struct scratch *s = take_scratch(L);
  int results = request_build(L, s, action, params, context, push);
  release_scratch(s);
  return results;
}

/* generate(params, context) -> request | nil, err. Does the same as request, for the row that configure stored as
   `generate`. */
int core_generate(lua_State *L) {
  lua_settop(L, 2);
  registry_push(L, &generate_key);
  if (lua_isnil(L, 3))
    return luaL_error(L, "dataworks.core has no row for generate: require \"dataworks.api.core_data\"");
  return build_request(L, action_row_push(L, 3), 1, 2, signed_request_push_table);
}

static int build_named_request(lua_State *L, request_push *push) {
  lua_settop(L, 4);
  luaL_checkstring(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  struct action action = *action_row_push(L, 2);
  action.name = value_text(L, 1);
  return build_request(L, &action, 3, 4, push);
}

/* request(name, row, params, context) -> {method, url, headers, body} | nil, err. Builds and signs a request of the
   action `name`, without sending it. */
int core_request(lua_State *L) {
  return build_named_request(L, signed_request_push_table);
}

/* signed_request(name, row, params, context) -> request | nil, err. Does the same as request. Its result is a userdata
   with the same fields, which dataworks.curl sends without a Lua table. */
int core_signed_request(lua_State *L) {
  return build_named_request(L, signed_request_push);
}

/* encode(value, unchecked) -> text | nil, err. Encodes a value as JSON. Unless `unchecked` is true, a table whose `type`
   is "realtime" is also checked as the script of a new task. */
int core_encode(lua_State *L) {
  struct path path = { .name = SLICE("TaskParam") };
  enum script_check check = SCRIPT_ANY;
  luaL_checkany(L, 1);
  lua_settop(L, 2);
  if (lua_istable(L, 1) && !lua_toboolean(L, 2)) {
    value_field(L, 1, "type");
    if (slice_equal(value_text(L, -1), SLICE("realtime"))) check = SCRIPT_CREATING;
  }
  struct scratch *s = take_scratch(L);
  bool encoded = task_encode(L, s, 1, check, &path);
  if (encoded) lua_pushlstring(L, s->text.data, s->text.len);
  release_scratch(s);
  return encoded ? 1 : value_nil_and_error(L);
}

/* digest(text or table) -> the SHA-256 digest in hexadecimal | nil, err. The digest of a table is that of its JSON text,
   which does not become a Lua string: LuaJIT compares long strings that are similar with each other. */
int core_digest(lua_State *L) {
  struct path path = { .name = SLICE("value") };
  char hex[DIGEST_HEX_SIZE];
  lua_settop(L, 1);
  if (!lua_istable(L, 1)) luaL_checktype(L, 1, LUA_TSTRING);
  struct scratch *s = take_scratch(L);
  bool is_text = !lua_istable(L, 1);
  bool encoded = is_text || task_encode(L, s, 1, SCRIPT_ANY, &path);
  bool hashed = encoded && sha256_hex(hex, is_text ? value_text(L, 1) : buffer_content(&s->text));
  release_scratch(s);
  if (!encoded) return value_nil_and_error(L);
  if (!hashed) return luaL_error(L, "%s", crypto_failure());
  lua_pushlstring(L, hex, sizeof hex);
  return 1;
}

/* faults(value, updating) -> list of errors. Finds all faults of a value as the script of a new task, or with `updating`
   as the script that changes a task. */
int core_faults(lua_State *L) {
  struct path path = { .name = SLICE("TaskParam") };
  luaL_checkany(L, 1);
  lua_settop(L, 2);
  struct scratch *s = take_scratch(L);
  task_find_faults(L, s, 1, lua_toboolean(L, 2) ? SCRIPT_UPDATING : SCRIPT_CREATING, &path);
  release_scratch(s);
  return 1;
}

/* list(table) -> the same table. Marks the table, so that it is encoded as a JSON list even if it is empty. */
int core_list(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  luaL_setmetatable(L, TASK_LIST);
  return 1;
}

/* wrap_names(list [, key]) -> list | nothing. Copies a list of names. With a key, each name becomes the table
   {[key] = name}. Returns nothing if the table is not a list, or if an item is not a name. */
int core_wrap_names(lua_State *L) {
  size_t count = 0, length;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  length = raw_length(L, 1);
  for (lua_pushnil(L); lua_next(L, 1); count++) lua_pop(L, 1);
  if (!count || count != length) return 0;
  lua_createtable(L, clamp_to_int(length), 0);
  for (int i = 1; i <= clamp_to_int(length); i++) {
    lua_rawgeti(L, 1, i);
    if (!value_text(L, 4).len) return 0;
    if (!lua_isnil(L, 2)) {
      lua_createtable(L, 0, 1);
      lua_pushvalue(L, 2);
      lua_pushvalue(L, 4);
      lua_rawset(L, 5);
    }
    lua_rawseti(L, 3, i);
    lua_settop(L, 3);
  }
  return 1;
}

/* is_null(value) -> whether the value is nil, or the null of this module or of another JSON library */
int core_is_null(lua_State *L) {
  luaL_checkany(L, 1);
  lua_pushboolean(L, value_is_null(L, 1));
  return 1;
}

/* A weak declaration, because PUC Lua 5.1 lacks this function, and an object built against LuaJIT must load there. */
extern int lua_isyieldable(lua_State *L) __attribute__((weak));

/* is_yieldable() -> whether the running coroutine can yield, or nil if Lua can't say. Replaces coroutine.isyieldable,
   which nginx hides. */
int core_is_yieldable(lua_State *L) {
  if (lua_isyieldable) lua_pushboolean(L, lua_isyieldable(L));
  else lua_pushnil(L);
  return 1;
}

static void create_metatables(lua_State *L) {
  static const luaL_Reg of_table[] = { { NULL, NULL } }, of_scratch[] = { { "__gc", scratch_gc }, { NULL, NULL } };
  new_class(L, TASK_LIST, of_table, NULL);
  new_class(L, TASK_OBJECT, of_table, NULL);
  new_class(L, SCRATCH, of_scratch, NULL);
  core_create_integer_class(L);
  core_create_signer_class(L);
  core_create_signed_request_class(L);
  core_create_run_class(L);
  core_create_bytecode_class(L);
  lua_store_main_thread(L);
  action_row_create_cache(L);
}

/* Upvalue 1 of each function of the module is the scratch. */
#define FUNCTION_ROW(name) { #name, core_##name },
static const luaL_Reg functions[] = { CORE_FUNCTIONS(FUNCTION_ROW){ NULL, NULL } };

DATAWORKS_EXPORT int luaopen_dataworks_core(lua_State *L);

DATAWORKS_EXPORT int luaopen_dataworks_core(lua_State *L) {
  core_check_openssl(L);
  create_metatables(L);
  lua_createtable(L, 0, sizeof functions / sizeof *functions);
  new_scratch(L);
  luaL_setfuncs(L, functions, 1);
  core_push_nonce(L);
  lua_setfield(L, -2, "nonce");
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  return 1;
}
