#include "core/core.h"
#include "core/value.h"

/* The address of this variable is a key of the registry. Its value is the cache. The cache has rows as weak keys.
   The value of a row is a list: first the userdata with the struct action, then the texts that the struct points to. */
static const char cache_key = 'a';

struct row_compiler {
  lua_State *L;
  int kept;             /* index of the list that keeps the texts in memory */
  struct slice *values; /* where the next allowed value is stored */
};

/* Moves the text on top of the stack into the list of kept texts. */
static struct slice keep_text(struct row_compiler *c, const char *what) {
  lua_State *L = c->L;
  if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "action row: string expected as %s", what);
  return value_keep(L, c->kept);
}

static struct slice keep_field(struct row_compiler *c, int table, const char *name) {
  lua_getfield(c->L, table, name);
  return keep_text(c, name);
}

static struct slice keep_item(struct row_compiler *c, int list, int index, const char *what) {
  lua_rawgeti(c->L, list, index);
  return keep_text(c, what);
}

static enum param_type find_type(lua_State *L, struct slice name) {
  static const char *const names[PARAM_TYPES] = {
    [PARAM_LONG] = "long",           [PARAM_INT32] = "int32",
    [PARAM_DOUBLE] = "double",       [PARAM_STRING] = "string",
    [PARAM_BOOLEAN] = "boolean",     [PARAM_JSON] = "json",
    [PARAM_ARRAY] = "array",         [PARAM_LIST] = "list",
    [PARAM_CREATING] = "task_param", [PARAM_UPDATING] = "update_param",
    [PARAM_COMMA] = "comma_list",
  };
  for (int i = 0; i < PARAM_TYPES; i++) {
    if (slice_equal(name, (struct slice){ names[i], strlen(names[i]) })) return (enum param_type)i;
  }
  luaL_error(L, "action row: unknown parameter type %s", name.data);
  return PARAM_STRING;
}

/* Compiles the allowed values, if the value on top of the stack is a table. */
static void compile_values(struct row_compiler *c, struct param *param) {
  lua_State *L = c->L;
  if (!lua_istable(L, -1)) return;
  param->values = c->values;
  param->value_count = raw_length(L, -1);
  for (size_t i = 1; i <= param->value_count; i++) *c->values++ = keep_item(c, lua_gettop(L), clamp_to_int(i), "value");
}

static void compile_param(struct row_compiler *c, int table, struct param *param) {
  lua_State *L = c->L;
  param->name = keep_item(c, table, 1, "name of a parameter");
  param->type = find_type(L, keep_item(c, table, 2, "type of a parameter"));
  param->in_body = slice_equal(keep_item(c, table, 3, "place of a parameter"), SLICE("body"));
  lua_getfield(L, table, "required");
  param->required = lua_toboolean(L, -1);
  lua_getfield(L, table, "values");
  compile_values(c, param);
  lua_settop(L, table);
}

/* Returns the number of allowed values of all parameters together. */
static size_t count_values(lua_State *L, int params, size_t param_count) {
  size_t count = 0;
  for (size_t i = 1; i <= param_count; i++) {
    lua_rawgeti(L, params, clamp_to_int(i));
    if (!lua_istable(L, -1)) luaL_error(L, "action row: table expected as parameter %d", clamp_to_int(i));
    lua_getfield(L, -1, "values");
    if (lua_istable(L, -1)) count += raw_length(L, -1);
    lua_pop(L, 2);
  }
  return count;
}

/* Compiles a row, and pushes the list for the cache. */
static void compile(lua_State *L, int row) {
  lua_newtable(L);
  struct row_compiler c = { .L = L, .kept = lua_gettop(L) };
  lua_getfield(L, row, "params");
  int params = lua_gettop(L);
  if (!lua_istable(L, params)) luaL_error(L, "action row: table expected as params");
  size_t count = raw_length(L, params);
  if (count > MAX_PARAMS) luaL_error(L, "action row: more than %d parameters", MAX_PARAMS);
  size_t value_count = count_values(L, params, count);
  struct action *action =
    lua_newuserdata(L, sizeof *action + count * sizeof(struct param) + value_count * sizeof(struct slice));
  lua_rawseti(L, c.kept, 1);
  struct param *list = (struct param *)(action + 1);
  c.values = (struct slice *)(list + count);
  *action = (struct action){ .params = list, .param_count = count };
  action->version = keep_field(&c, row, "version");
  action->method = keep_field(&c, row, "method");
  lua_getfield(L, row, "name");
  if (lua_type(L, -1) == LUA_TSTRING) action->name = keep_text(&c, "name");
  lua_settop(L, params);
  for (size_t i = 0; i < count; i++) {
    list[i] = (struct param){ .value_count = 0 };
    lua_rawgeti(L, params, clamp_to_int(i + 1));
    compile_param(&c, params + 1, &list[i]);
    lua_settop(L, params);
  }
  lua_settop(L, c.kept);
}

const struct action *action_row_push(lua_State *L, int row) {
  registry_push(L, &cache_key);
  lua_pushvalue(L, row);
  lua_rawget(L, -2);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    compile(L, row);
    lua_pushvalue(L, row);
    lua_pushvalue(L, -2);
    lua_rawset(L, -4);
  }
  lua_remove(L, -2);
  lua_rawgeti(L, -1, 1);
  const struct action *action = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return action;
}

void action_row_create_cache(lua_State *L) {
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "k");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  registry_set(L, &cache_key);
}
