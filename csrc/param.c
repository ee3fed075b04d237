#include "param.h"

#include "json.h"
#include "task.h"

#include <string.h>

struct collector {
  lua_State *L;
  const struct action *action;
  struct buffer *text;
  struct buffer *keys;
};

static bool check_values(lua_State *L, const struct param *param, struct slice text, const struct path *path) {
  if (!param->values) return true;
  luaL_Buffer b;
  for (const char *const *value = param->values; *value; value++) {
    if (slice_equal(text, (struct slice){ *value, strlen(*value) })) return true;
  }
  luaL_buffinit(L, &b);
  for (const char *const *value = param->values; *value; value++) {
    if (value != param->values) luaL_addstring(&b, value[1] ? ", " : " or ");
    luaL_addstring(&b, *value);
  }
  luaL_pushresult(&b);
  return value_fail(L, path, "expected %s", lua_tostring(L, -1));
}

static bool string_value(struct collector *c, int index, const struct param *param, const struct path *path,
                         struct slice *out) {
  lua_State *L = c->L;
  if (lua_type(L, index) != LUA_TSTRING) {
    return value_fail(L, path, "expected text, got %s", luaL_typename(L, index));
  }
  out->data = lua_tolstring(L, index, &out->len);
  size_t bad = json_utf8_error(*out);
  if (bad < out->len) return value_fail(L, path, "is not UTF-8: byte %d, counted from 1", (int)bad + 1);
  return check_values(L, param, *out, path);
}

static bool boolean_value(struct collector *c, int index, const struct path *path, struct slice *out) {
  lua_State *L = c->L;
  if (lua_type(L, index) == LUA_TSTRING) {
    out->data = lua_tolstring(L, index, &out->len);
    if (slice_equal(*out, SLICE("true")) || slice_equal(*out, SLICE("false"))) return true;
  }
  if (!lua_isboolean(L, index)) return value_fail(L, path, "expected true or false");
  *out = lua_toboolean(L, index) ? SLICE("true") : SLICE("false");
  return true;
}

static bool json_value(struct collector *c, int index, const struct param *param, const struct path *path,
                       struct slice *out) {
  lua_State *L = c->L;
  struct json_error error;
  if (lua_type(L, index) == LUA_TSTRING) {
    out->data = lua_tolstring(L, index, &out->len);
    if (json_check(*out, &error)) return true;
    return value_fail(L, path, "is not JSON: %s at byte %d", error.message, (int)error.offset + 1);
  }
  if (!lua_istable(L, index)) {
    return value_fail(L, path, "expected a table or JSON text, got %s", luaL_typename(L, index));
  }
  enum script_check check = SCRIPT_ANY;
  if (param->type == PARAM_CREATING) check = SCRIPT_CREATING;
  if (param->type == PARAM_UPDATING) check = SCRIPT_UPDATING;
  return task_encode(L, index, check, path, c->text, c->keys);
}

/* `out` keeps NULL when the value was written to c->text. */
static bool convert(struct collector *c, int index, const struct param *param, struct slice *out) {
  struct path path = { .name = param->name };
  long long number;
  switch (param->type) {
    case PARAM_STRING: return string_value(c, index, param, &path, out);
    case PARAM_BOOLEAN: return boolean_value(c, index, &path, out);
    case PARAM_LONG:
      if (!value_integer(c->L, index, &path, &number)) return false;
      json_integer(c->text, number);
      return true;
    default: return json_value(c, index, param, &path, out);
  }
}

static bool unknown_param(struct collector *c, struct slice name) {
  lua_State *L = c->L;
  struct path path = { .name = name };
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (size_t i = 0; i < c->action->param_count; i++) {
    if (i) luaL_addstring(&b, ", ");
    luaL_addlstring(&b, c->action->params[i].name.data, c->action->params[i].name.len);
  }
  luaL_pushresult(&b);
  return value_fail(L, &path, "is no parameter of this action; it takes %s", lua_tostring(L, -1));
}

static bool check_names(struct collector *c, int params) {
  lua_State *L = c->L;
  for (lua_pushnil(L); lua_next(L, params); lua_pop(L, 1)) {
    struct slice name = SLICE("a key that is no string");
    size_t i = 0;
    if (lua_type(L, -2) == LUA_TSTRING) name.data = lua_tolstring(L, -2, &name.len);
    while (i < c->action->param_count && !slice_equal(c->action->params[i].name, name)) i++;
    if (i == c->action->param_count) return unknown_param(c, name);
  }
  return true;
}

/* Values written to `text` get their address last: it moves while it grows. */
bool param_collect(lua_State *L, const struct action *action, int params, struct param_value values[PARAM_LIMIT],
                   size_t *count, struct buffer *text, struct buffer *keys) {
  struct collector c = { L, action, text, keys };
  size_t start[PARAM_LIMIT];
  *count = 0;
  if (!check_names(&c, params)) return false;
  for (size_t i = 0; i < action->param_count; i++) {
    const struct param *param = &action->params[i];
    struct param_value *value = &values[*count];
    lua_pushlstring(L, param->name.data, param->name.len);
    lua_rawget(L, params);
    if (value_is_null(L, -1)) {
      struct path path = { .name = param->name };
      if (param->required) return value_fail(L, &path, "is missing");
      lua_pop(L, 1);
      continue;
    }
    *value = (struct param_value){ .name = param->name, .in_body = param->in_body };
    start[*count] = text->len;
    if (!convert(&c, lua_gettop(L), param, &value->text)) return false;
    if (!value->text.data) value->text.len = text->len - start[*count];
    ++*count;
  }
  if (!buffer_ok(text)) {
    struct path path = { .name = action->name };
    return value_fail(L, &path, "the parameters are too large, or memory ran out");
  }
  for (size_t i = 0; i < *count; i++) {
    if (!values[i].text.data) values[i].text.data = text->data + start[i];
  }
  return true;
}
