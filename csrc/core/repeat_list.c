#include "core/json.h"
#include "core/param.h"

struct repeater {
  lua_State *L;
  const struct wire_param *prototype;
  struct buffer *values;
  struct buffer *text;
  const void *around[MAX_JSON_DEPTH]; /* the tables around the value */
};

/* Writes the path as a parameter's name, such as Columns.1.ColumnName. */
static void write_name(struct buffer *out, const struct path *path) {
  if (path->up) {
    write_name(out, path->up);
    buffer_append_byte(out, '.');
  }
  if (path->index) {
    json_write_integer(out, (int64_t)path->index);
  } else {
    buffer_append_slice(out, path->name);
  }
}

bool param_write_scalar(lua_State *L, struct buffer *out, int index, const struct path *path) {
  int type = lua_type(L, index);
  long long number;
  if (type == LUA_TSTRING) {
    struct slice text = value_text(L, index);
    if (!value_check_utf8(L, text, path)) return false;
    buffer_append_slice(out, text);
  } else if (type == LUA_TBOOLEAN) {
    buffer_append_slice(out, lua_toboolean(L, index) ? SLICE("true") : SLICE("false"));
  } else if (type == LUA_TNUMBER && !lua_isinteger(L, index)) {
    return json_write_double(out, lua_tonumber(L, index)) || value_fail(L, path, "is not a finite number");
  } else if (type == LUA_TNUMBER || value_is_long_integer(L, index)) {
    if (!value_integer(L, index, path, &number)) return false;
    json_write_integer(out, number);
  } else {
    return value_fail(L, path, "a %s can't be sent", luaL_typename(L, index));
  }
  return true;
}

static bool add_value(struct repeater *r, int index, const struct path *path) {
  struct wire_param value = *r->prototype;
  value.name.data = NULL;
  value.name_offset = r->text->len;
  write_name(r->text, path);
  value.name.len = r->text->len - value.name_offset;
  value.text_offset = r->text->len;
  if (!param_write_scalar(r->L, r->text, index, path)) return false;
  value.text.len = r->text->len - value.text_offset;
  buffer_append(r->values, (const char *)&value, sizeof value);
  return true;
}

/* Returns whether a key can be a part of a parameter's name. A dot would look like one more level, and SDKs differ in
   how they sign other characters. */
static bool is_valid_name(struct slice name) {
  for (size_t i = 0; i < name.len; i++) {
    char c = name.data[i];
    if (!is_alphanumeric(c) && c != '_' && c != '-') return false;
  }
  return name.len > 0;
}

/* Reads the key at `index` into `item`: a number in a list, a name elsewhere. */
static bool parse_key(struct repeater *r, int index, bool list, const struct path *path, struct path *item) {
  if (list) {
    item->index = (size_t)lua_tonumber(r->L, index);
    return true;
  }
  item->name = value_text(r->L, index);
  return is_valid_name(item->name) || value_fail(r->L, path, "expected names of letters, digits, - and _ as keys");
}

/* Appends each value inside the value at `index`. */
static bool collect(struct repeater *r, int index, const struct path *path) {
  lua_State *L = r->L;
  if (value_is_null(L, index)) return true;
  if (!lua_istable(L, index)) return add_value(r, index, path);
  if (!value_check_nesting(L, r->around, lua_topointer(L, index), path)) return false;
  reserve_stack(L, 8);
  bool list = value_has_number_key_first(L, index);
  size_t length;
  if (list && !value_check_list(L, index, path, &length)) return false;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    struct path item = { .up = path, .depth = path->depth + 1 };
    if (!parse_key(r, lua_gettop(L) - 1, list, path, &item)) return false;
    if (!collect(r, lua_gettop(L), &item)) return false;
  }
  return true;
}

bool repeat_list_collect(lua_State *L, struct scratch *s, int index, const struct path *path,
                         const struct wire_param *prototype) {
  struct repeater r = { .L = L, .prototype = prototype, .values = &s->values, .text = &s->text };
  if (!lua_istable(L, index))
    return value_fail(L, path, "expected a list or a table, got %s", value_push_shown(L, index));
  return collect(&r, index, path);
}
