#include "core/core.h"

#include "core/json.h"
#include "core/request.h"
#include "core/task_param.h"

#include <string.h>

#define SCRATCH "dataworks.scratch"

static struct scratch *new_scratch(lua_State *L) {
  struct scratch *s = lua_newuserdata(L, sizeof *s);
  memset(s, 0, sizeof *s);
  luaL_setmetatable(L, SCRATCH);
  return s;
}

/* Pushes the shared scratch. It gets a successor when a finalizer is called in the midst of a request, or when an
   error has left it taken. */
static struct scratch *take_scratch(lua_State *L) {
  struct scratch *s = lua_touserdata(L, lua_upvalueindex(1));
  if (s->taken) {
    s = new_scratch(L);
    lua_replace(L, lua_upvalueindex(1));
  }
  lua_pushvalue(L, lua_upvalueindex(1));
  s->taken = true;
  return s;
}

static void give_scratch(struct scratch *s) {
  scratch_reset(s);
  s->taken = false;
}

static int scratch_gc(lua_State *L) {
  scratch_wipe(luaL_checkudata(L, 1, SCRATCH));
  return 0;
}

/* generate(params, context) -> request | nil, err */
static int core_generate(lua_State *L) {
  lua_settop(L, 2);
  struct scratch *s = take_scratch(L);
  int results = request_build(L, s, &request_generate, 1, 2);
  give_scratch(s);
  return results;
}

/* Rows of actions.lua */

static struct slice row_text(lua_State *L, int table, int key) {
  struct slice text = { NULL, 0 };
  lua_rawgeti(L, table, key);
  if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "action row: string expected in a parameter's place %d", key);
  text.data = lua_tolstring(L, -1, &text.len);
  lua_pop(L, 1);
  return text;
}

static struct slice row_field(lua_State *L, int row, const char *name) {
  struct slice text = { NULL, 0 };
  lua_getfield(L, row, name);
  if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "action row: string expected as %s", name);
  text.data = lua_tolstring(L, -1, &text.len);
  lua_pop(L, 1);
  return text;
}

static enum param_type row_type(lua_State *L, struct slice name) {
  static const char *const names[PARAM_TYPES] = {
    [PARAM_LONG] = "long",           [PARAM_INT32] = "int32",
    [PARAM_DOUBLE] = "double",       [PARAM_STRING] = "string",
    [PARAM_BOOLEAN] = "boolean",     [PARAM_JSON] = "json",
    [PARAM_ARRAY] = "array",         [PARAM_LIST] = "list",
    [PARAM_CREATING] = "task_param", [PARAM_UPDATING] = "update_param",
  };
  for (int i = 0; i < PARAM_TYPES; i++) {
    if (slice_equal(name, (struct slice){ names[i], strlen(names[i]) })) return (enum param_type)i;
  }
  luaL_error(L, "action row: unknown parameter type %s", name.data);
  return PARAM_STRING;
}

/* The texts stay alive: the row's tables hold them. */
static const char *const *row_values(lua_State *L, struct scratch *s, int param, size_t *used) {
  const char *const *first = s->values + *used;
  lua_getfield(L, param, "values");
  if (!lua_istable(L, -1)) {
    lua_pop(L, 1);
    return NULL;
  }
  size_t count = lua_rawlen(L, -1);
  if (*used + count + 1 > PARAM_VALUE_LIMIT) luaL_error(L, "action row: too many values");
  for (size_t i = 1; i <= count; i++) {
    lua_rawgeti(L, -1, (int)i);
    s->values[(*used)++] = luaL_checkstring(L, -1);
    lua_pop(L, 1);
  }
  s->values[(*used)++] = NULL;
  lua_pop(L, 1);
  return first;
}

static void read_params(lua_State *L, struct scratch *s, int row, struct action *action) {
  size_t used = 0;
  lua_getfield(L, row, "params");
  luaL_checktype(L, -1, LUA_TTABLE);
  int list = lua_gettop(L);
  action->params = s->params;
  action->param_count = lua_rawlen(L, list);
  if (action->param_count > PARAM_LIMIT) luaL_error(L, "action row: too many parameters");
  for (size_t i = 0; i < action->param_count; i++) {
    lua_rawgeti(L, list, (int)i + 1);
    luaL_checktype(L, -1, LUA_TTABLE);
    int param = lua_gettop(L);
    lua_getfield(L, param, "required");
    s->params[i] = (struct param){
      .name = row_text(L, param, 1),
      .type = row_type(L, row_text(L, param, 2)),
      .in_body = slice_equal(row_text(L, param, 3), SLICE("body")),
      .required = lua_toboolean(L, -1),
      .values = row_values(L, s, param, &used),
    };
    lua_settop(L, list);
  }
}

/* request(name, row, params, context) -> request | nil, err */
static int core_request(lua_State *L) {
  struct action action = { .name = { NULL, 0 } };
  lua_settop(L, 4);
  struct scratch *s = take_scratch(L);
  action.name.data = luaL_checklstring(L, 1, &action.name.len);
  luaL_checktype(L, 2, LUA_TTABLE);
  action.version = row_field(L, 2, "version");
  action.method = row_field(L, 2, "method");
  read_params(L, s, 2, &action);
  int results = request_build(L, s, &action, 3, 4);
  give_scratch(s);
  return results;
}

/* encode(value) -> text | nil, err. A script that says it is a real-time one is checked as such. */
static int core_encode(lua_State *L) {
  struct path path = { .name = SLICE("TaskParam") };
  enum script_check check = SCRIPT_ANY;
  luaL_checkany(L, 1);
  lua_settop(L, 1);
  if (lua_istable(L, 1)) {
    lua_pushliteral(L, "type");
    lua_rawget(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING && !strcmp(lua_tostring(L, -1), "realtime")) check = SCRIPT_CREATING;
  }
  struct scratch *s = take_scratch(L);
  bool encoded = task_encode(L, 1, check, &path, &s->text, &s->keys);
  if (encoded) lua_pushlstring(L, s->text.data, s->text.len);
  give_scratch(s);
  return encoded ? 1 : value_nil_and_error(L);
}

/* quote_integers(text) -> text, changed | nil, message, offset (from 1) */
static int core_quote_integers(lua_State *L) {
  struct json_error error = { 0, "" };
  struct slice text;
  text.data = luaL_checklstring(L, 1, &text.len);
  struct scratch *s = take_scratch(L);
  bool quoted = json_quote_integers(&s->text, text, &error), changed = s->text.len > 0;
  if (quoted && changed) lua_pushlstring(L, s->text.data, s->text.len);
  give_scratch(s);
  if (!quoted) {
    lua_pushnil(L);
    lua_pushstring(L, error.message);
    lua_pushinteger(L, (lua_Integer)error.offset + 1);
    return 3;
  }
  if (!changed) lua_pushvalue(L, 1);
  lua_pushboolean(L, changed);
  return 2;
}

/* list(table) -> table, written as a JSON list even when it is empty */
static int core_list(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  luaL_setmetatable(L, TASK_LIST);
  return 1;
}

static void create_metatables(lua_State *L) {
  luaL_newmetatable(L, TASK_LIST);
  lua_pushliteral(L, TASK_LIST);
  lua_setfield(L, -2, "__name");
  lua_pop(L, 1);
  if (luaL_newmetatable(L, SCRATCH)) {
    lua_pushcfunction(L, scratch_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_pop(L, 1);
}

DATAWORKS_EXPORT int luaopen_dataworks_core(lua_State *L);

DATAWORKS_EXPORT int luaopen_dataworks_core(lua_State *L) {
  static const luaL_Reg functions[] = {
    { "generate", core_generate }, { "request", core_request },
    { "encode", core_encode },     { "quote_integers", core_quote_integers },
    { "list", core_list },         { NULL, NULL },
  };
  create_metatables(L);
  lua_createtable(L, 0, 16);
  new_scratch(L);
  luaL_setfuncs(L, functions, 1);
  core_signer_open(L);
  core_sign_open(L);
  core_host_open(L);
  core_file_open(L);
  core_run_open(L);
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  return 1;
}
