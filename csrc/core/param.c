#include "core/param.h"

#include "core/json.h"
#include "core/lua_json.h"
#include "core/script.h"

#include <string.h>

struct collector {
  lua_State *L;
  struct scratch *s;
  const struct action *action;
  bool unchecked; /* scripts are not checked */
};

/* Pushes the values as a text such as "A, B or C". */
static void push_choice(lua_State *L, const struct slice *values, size_t count) {
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (size_t i = 0; i < count; i++) {
    if (i) luaL_addstring(&b, i + 1 < count ? ", " : " or ");
    luaL_addlstring(&b, values[i].data, values[i].len);
  }
  luaL_pushresult(&b);
}

/* Checks that the text is one of the parameter's allowed values. */
static bool check_allowed(lua_State *L, const struct param *param, int index, const struct path *path) {
  struct slice text = value_text(L, index);
  for (size_t i = 0; i < param->value_count; i++) {
    if (slice_equal(text, param->values[i])) return true;
  }
  if (!param->value_count) return true;
  push_choice(L, param->values, param->value_count);
  const char *choice = lua_tostring(L, -1);
  return value_fail(L, path, "expected %s, got %s", choice, value_push_shown(L, index));
}

/* Writes a number as the value of a text parameter, because the provider declares some ids as text. */
static bool write_id(struct collector *c, int index, const struct path *path) {
  long long number;
  if (value_integer(c->L, index, path, &number)) {
    json_write_integer(&c->s->text, number);
    return true;
  }
  lua_pop(c->L, 1);
  return value_fail(c->L, path, "expected text or an exact whole number, got another number");
}

static bool convert_string(struct collector *c, int index, const struct param *param, const struct path *path,
                           struct slice *out) {
  lua_State *L = c->L;
  int type = lua_type(L, index);
  if (!param->value_count && (type == LUA_TNUMBER || value_is_long_integer(L, index))) return write_id(c, index, path);
  if (type != LUA_TSTRING) return value_fail(L, path, "expected text, got %s", value_type_name(L, index));
  *out = value_text(L, index);
  return value_check_utf8(L, *out, path) && check_allowed(L, param, index, path);
}

static bool convert_boolean(struct collector *c, int index, const struct path *path, struct slice *out) {
  lua_State *L = c->L;
  if (lua_type(L, index) == LUA_TSTRING) {
    *out = value_text(L, index);
    if (slice_equal(*out, SLICE("true")) || slice_equal(*out, SLICE("false"))) return true;
  }
  if (!lua_isboolean(L, index))
    return value_fail(L, path, "expected true or false, got %s", value_push_shown(L, index));
  *out = lua_toboolean(L, index) ? SLICE("true") : SLICE("false");
  return true;
}

static bool convert_integer(struct collector *c, int index, const struct param *param, const struct path *path) {
  long long number;
  if (!value_integer(c->L, index, path, &number)) return false;
  if (param->type == PARAM_INT32 && (number < INT32_MIN || number > INT32_MAX)) {
    return value_fail(c->L, path, "expected a whole number of 32 bits");
  }
  json_write_integer(&c->s->text, number);
  return true;
}

static bool convert_double(struct collector *c, int index, const struct path *path, struct slice *out) {
  lua_State *L = c->L;
  struct json_error error;
  if (lua_type(L, index) == LUA_TSTRING) {
    *out = value_text(L, index);
    bool number = out->len && strchr("-0123456789", out->data[0]);
    return (number && json_check(*out, &error)) ||
           value_fail(L, path, "expected a number, got %s", value_push_shown(L, index));
  }
  if (lua_isinteger(L, index) || value_is_long_integer(L, index)) {
    long long integer;
    if (!value_integer(L, index, path, &integer)) return false;
    json_write_integer(&c->s->text, integer);
    return true;
  }
  if (lua_type(L, index) != LUA_TNUMBER) {
    return value_fail(L, path, "expected a number, got %s", luaL_typename(L, index));
  }
  return json_write_double(&c->s->text, lua_tonumber(L, index)) || value_fail(L, path, "is not a finite number");
}

/* Adds the place of the refused value to the error on top of the stack. */
static void add_place(struct collector *c, struct slice text) {
  lua_State *L = c->L;
  size_t offset;
  lua_getfield(L, -1, "path");
  bool found = json_find(text, value_text(L, -1), &c->s->unescaped, &offset);
  lua_pop(L, 1);
  if (found) json_add_place(L, text, offset);
}

/* Checks a script that is JSON text. The text itself is sent, so that its bytes stay as they are. */
static bool check_text(struct collector *c, struct slice text, enum script_check check, const struct path *path) {
  struct json_error error;
  if (!json_check(text, &error)) return json_fail(c->L, path, text, error);
  if (check == SCRIPT_ANY) return true;
  if (!json_push(c->L, text, JSON_EXACT, &c->s->unescaped, &error)) return json_fail(c->L, path, text, error);
  size_t length = c->s->text.len;
  bool is_valid = task_encode(c->L, c->s, lua_gettop(c->L), check, path);
  c->s->text.len = length;
  if (is_valid) lua_pop(c->L, 1);
  else add_place(c, text);
  return is_valid;
}

static enum script_check check_of(const struct collector *c, const struct param *param) {
  if (param->type == PARAM_CREATING && !c->unchecked) return SCRIPT_CREATING;
  if (param->type == PARAM_UPDATING && !c->unchecked) return SCRIPT_UPDATING;
  return SCRIPT_ANY;
}

static bool convert_json(struct collector *c, int index, const struct param *param, const struct path *path,
                         struct slice *out) {
  lua_State *L = c->L;
  if (lua_type(L, index) == LUA_TSTRING) {
    *out = value_text(L, index);
    return value_check_size(L, *out, path) && check_text(c, *out, check_of(c, param), path);
  }
  if (param->type == PARAM_ARRAY && value_is_empty_array(L, index)) {
    *out = SLICE("[]");
    return true;
  }
  if (!lua_istable(L, index)) {
    return value_fail(L, path, "expected a table or JSON text, got %s", luaL_typename(L, index));
  }
  if (param->type == PARAM_ARRAY) return task_encode_list(L, c->s, index, path);
  return task_encode(L, c->s, index, check_of(c, param), path);
}

/* Converts a value to the text that is sent. Either sets `out`, or writes to c->s->text and leaves out->data NULL. On
   failure pushes an error and returns false. */
static bool convert(struct collector *c, int index, const struct param *param, const struct path *path,
                    struct slice *out) {
  switch (param->type) {
    case PARAM_STRING: return convert_string(c, index, param, path, out);
    case PARAM_BOOLEAN: return convert_boolean(c, index, path, out);
    case PARAM_LONG:
    case PARAM_INT32: return convert_integer(c, index, param, path);
    case PARAM_DOUBLE: return convert_double(c, index, path, out);
    case PARAM_COMMA: return comma_list_convert(c->L, c->s, index, param, path, out);
    default: return convert_json(c, index, param, path, out);
  }
}

static bool collect_list(struct collector *c, int index, const struct param *param, const struct path *path,
                         const struct wire_param *prototype) {
  size_t before = c->s->values.len;
  if (!repeat_list_collect(c->L, c->s, index, path, prototype)) return false;
  return !param->required || c->s->values.len > before || !buffer_ok(&c->s->values) ||
         value_fail(c->L, path, "is empty");
}

/* Converts the value at `index` of the parameter number `at`, and appends it to the values. */
static bool add_param(struct collector *c, size_t at, int index) {
  const struct param *param = &c->action->params[at];
  struct path path = { .name = param->name };
  struct wire_param value = {
    .name = param->name, .text_offset = c->s->text.len, .param = at, .in_body = param->in_body
  };
  if (param->type == PARAM_LIST) return collect_list(c, index, param, &path, &value);
  if (!convert(c, index, param, &path, &value.text)) return false;
  if (!value.text.data) value.text.len = c->s->text.len - value.text_offset;
  buffer_append(&c->s->values, (const char *)&value, sizeof value);
  return true;
}

static bool fail_unknown_param(const struct collector *c, struct slice name) {
  struct path path = { .name = name };
  if (!c->action->param_count) return value_fail(c->L, &path, "is not a parameter of this action, which has none");
  value_fail(c->L, &path, "is not a parameter of this action");
  for (size_t i = 0; i < c->action->param_count; i++) value_add_known(c->L, c->action->params[i].name);
  return false;
}

/* Checks that the action knows every name in the table. */
static bool check_names(struct collector *c, int params) {
  lua_State *L = c->L;
  for (lua_pushnil(L); lua_next(L, params); lua_pop(L, 1)) {
    struct slice name = SLICE("a key that is not a string");
    size_t i = 0;
    if (lua_type(L, -2) == LUA_TSTRING) name = value_text(L, -2);
    while (i < c->action->param_count && !slice_equal(c->action->params[i].name, name)) i++;
    if (i == c->action->param_count) return fail_unknown_param(c, name);
  }
  return true;
}

/* Turns the offsets into pointers. Call it when the buffer of texts no longer grows. */
static void resolve_texts(struct buffer *values, const char *texts) {
  struct wire_param *value = BUFFER_ITEMS(struct wire_param, values);
  for (size_t count = BUFFER_COUNT(struct wire_param, values); count; count--, value++) {
    if (!value->name.data) value->name.data = texts + value->name_offset;
    if (!value->text.data) value->text.data = texts + value->text_offset;
  }
}

bool param_collect(lua_State *L, struct scratch *s, const struct action *action, int params, bool unchecked) {
  struct collector c = { L, s, action, unchecked };
  if (!check_names(&c, params)) return false;
  for (size_t i = 0; i < action->param_count; i++) {
    struct path path = { .name = action->params[i].name };
    lua_pushlstring(L, path.name.data, path.name.len);
    lua_rawget(L, params);
    if (value_is_null(L, -1)) {
      if (action->params[i].required) return value_fail(L, &path, "is missing");
      lua_pop(L, 1);
    } else if (!add_param(&c, i, lua_gettop(L))) {
      return false;
    }
  }
  struct path path = { .name = action->name };
  if (!value_check_written(L, scratch_state(s), &path)) return false;
  resolve_texts(&s->values, s->text.data);
  return true;
}
