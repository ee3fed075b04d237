#include "task.h"

#include "json.h"

#include <stdlib.h>
#include <string.h>

struct encoder {
  lua_State *L;
  enum script_check check;
  struct buffer *out;
  struct buffer *keys;
};

static const struct field any_field = { SLICE_INIT(""), ANY, 0, ANY, NULL };

static bool encode_string(struct encoder *e, int index, const struct path *path) {
  struct slice text = value_text(e->L, index);
  if (json_string(e->out, text)) return true;
  return value_fail(e->L, path, "is not UTF-8: byte %d, counted from 1", (int)json_utf8_error(text) + 1);
}

static bool encode_integer(struct encoder *e, int index, const struct path *path) {
  long long value = 0;
  if (!value_integer(e->L, index, path, &value)) return false;
  json_integer(e->out, value);
  return true;
}

static bool encode_number(struct encoder *e, int index, const struct path *path) {
  if (lua_isinteger(e->L, index)) return encode_integer(e, index, path);
  if (json_double(e->out, lua_tonumber(e->L, index))) return true;
  return value_fail(e->L, path, "is not a finite number; JSON has none");
}

/* Tables */

/* Values of an object that stay on the stack until they are written; those of larger objects are looked up again. */
#define KEPT_VALUES 16

struct key {
  struct slice name;
  size_t rank;
  int value; /* its place on the stack, or 0 */
};

static bool encode_value(struct encoder *e, int index, const struct field *field, const struct path *path, int depth);

static size_t rank_of(const struct shape *shape, struct slice name) {
  size_t count = shape ? shape->count : 0;
  for (size_t i = 0; i < count; i++) {
    if (slice_equal(shape->fields[i].name, name)) return i;
  }
  return count;
}

static int by_rank(const void *a, const void *b) {
  const struct key *left = a, *right = b;
  if (left->rank != right->rank) return left->rank < right->rank ? -1 : 1;
  return slice_compare(left->name, right->name);
}

/* Puts the keys of the table into e->keys, known ones first; `seen` gets a bit for each known one. The first
   values stay on the stack. */
static bool collect_keys(struct encoder *e, int index, const struct shape *shape, const struct path *path,
                         unsigned *seen) {
  lua_State *L = e->L;
  size_t base = e->keys->len;
  int kept = 0;
  lua_pushnil(L);
  while (lua_next(L, index)) {
    if (lua_type(L, -2) != LUA_TSTRING) {
      return value_fail(L, path, "expected names as keys, got a %s key beside them", luaL_typename(L, -2));
    }
    struct key key = { .name = value_text(L, -2) };
    key.rank = rank_of(shape, key.name);
    if (shape && key.rank < shape->count && !value_is_null(L, -1)) *seen |= 1u << key.rank;
    if (kept < KEPT_VALUES) {
      kept++;
      lua_insert(L, -2);
      key.value = lua_gettop(L) - 1;
    } else {
      lua_pop(L, 1);
    }
    buffer_append(e->keys, (const char *)&key, sizeof key);
  }
  if (!buffer_ok(e->keys)) return value_fail(L, path, "has too many keys");
  size_t count = (e->keys->len - base) / sizeof(struct key);
  if (count > 1) qsort(e->keys->data + base, count, sizeof(struct key), by_rank);
  return true;
}

static bool check_required(struct encoder *e, const struct shape *shape, unsigned seen, const struct path *path) {
  for (size_t i = 0; i < shape->count; i++) {
    if ((seen >> i & 1) || !(shape->fields[i].required & IN(e->check))) continue;
    struct path field = { .up = path, .name = shape->fields[i].name };
    return value_fail(e->L, &field, "is missing");
  }
  return true;
}

static bool encode_object(struct encoder *e, int index, const struct shape *shape, const struct path *path, int depth) {
  lua_State *L = e->L;
  size_t base = e->keys->len;
  int top = lua_gettop(L);
  unsigned seen = 0;
  if (!collect_keys(e, index, shape, path, &seen)) return false;
  size_t end = e->keys->len;
  if (shape && e->check != SCRIPT_ANY) {
    if (!check_required(e, shape, seen, path)) return false;
    if (shape->check && !shape->check(L, e->check, index, path)) return false;
  }
  buffer_byte(e->out, '{');
  for (size_t at = base; at < end; at += sizeof(struct key)) {
    struct key key;
    memcpy(&key, e->keys->data + at, sizeof key);
    if (at > base) buffer_byte(e->out, ',');
    if (!json_string(e->out, key.name)) return value_fail(L, path, "a key is not UTF-8");
    buffer_byte(e->out, ':');
    if (!key.value) {
      lua_pushlstring(L, key.name.data, key.name.len);
      lua_rawget(L, index);
      key.value = lua_gettop(L);
    }
    const struct field *field = shape && key.rank < shape->count ? &shape->fields[key.rank] : &any_field;
    struct path at_key = { .up = path, .table = lua_topointer(L, index), .name = key.name };
    if (!encode_value(e, key.value, field, &at_key, depth)) return false;
    if (key.value > top + KEPT_VALUES) lua_settop(L, key.value - 1);
  }
  lua_settop(L, top);
  buffer_byte(e->out, '}');
  e->keys->len = base;
  return true;
}

/* Every key is a whole number from 1 to the length. */
static bool check_items(struct encoder *e, int index, size_t length, const struct path *path) {
  lua_State *L = e->L;
  size_t count = 0;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TNUMBER) {
      return value_fail(L, path, "expected a list, got a %s key", luaL_typename(L, -2));
    }
    lua_Number key = lua_tonumber(L, -2);
    if (key < 1 || key > (lua_Number)length || key != (lua_Number)(size_t)key) {
      return value_fail(L, path, "expected a list counted from 1 without gaps");
    }
    count++;
  }
  return count == length || value_fail(L, path, "expected a list counted from 1 without gaps");
}

static bool encode_list(struct encoder *e, int index, const struct field *field, const struct path *path, int depth) {
  lua_State *L = e->L;
  size_t length = lua_rawlen(L, index);
  const struct field item = { SLICE_INIT(""), field->item, ~0u, ANY, field->shape };
  if (!check_items(e, index, length, path)) return false;
  if (!length && field->kind == LIST && e->check != SCRIPT_ANY) return value_fail(L, path, "is an empty list");
  buffer_byte(e->out, '[');
  for (size_t i = 1; i <= length; i++) {
    if (i > 1) buffer_byte(e->out, ',');
    lua_rawgeti(L, index, (int)i);
    struct path at_item = { .up = path, .table = lua_topointer(L, index), .index = i };
    if (!encode_value(e, lua_gettop(L), &item, &at_item, depth)) return false;
    lua_pop(L, 1);
  }
  buffer_byte(e->out, ']');
  return true;
}

static bool marked_as_list(lua_State *L, int index) {
  if (!lua_getmetatable(L, index)) return false;
  luaL_getmetatable(L, TASK_LIST);
  bool marked = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return marked;
}

static bool starts_as_list(lua_State *L, int index) {
  lua_pushnil(L);
  if (!lua_next(L, index)) return false;
  bool number = lua_type(L, -2) == LUA_TNUMBER;
  lua_pop(L, 2);
  return number;
}

static bool encode_table(struct encoder *e, int index, const struct field *field, const struct path *path, int depth) {
  lua_State *L = e->L;
  const void *self = lua_topointer(L, index);
  for (const struct path *p = path; p; p = p->up) {
    if (p->table == self) return value_fail(L, path, "contains itself");
  }
  if (depth == JSON_DEPTH_LIMIT) return value_fail(L, path, "is nested more than %d levels deep", JSON_DEPTH_LIMIT);
  luaL_checkstack(L, KEPT_VALUES + 12, "too many nested values");
  bool list = field->kind == LIST;
  if (!list && (e->check == SCRIPT_ANY || field->kind == ANY)) list = marked_as_list(L, index) || starts_as_list(L, index);
  if (list) return encode_list(e, index, field, path, depth + 1);
  return encode_object(e, index, field->kind == OBJECT ? field->shape : NULL, path, depth + 1);
}

/* In a check, a field is what it should be; elsewhere only tables are told apart by their fields. */
static bool check_kind(struct encoder *e, int index, const struct field *field, const struct path *path) {
  static const char *const names[] = { [STRING] = "text", [NUMBER] = "a number", [OBJECT] = "a table", [LIST] = "a list" };
  int type = lua_type(e->L, index);
  bool fits = field->kind == ANY || (field->kind == STRING && type == LUA_TSTRING) ||
              (field->kind == NUMBER && (type == LUA_TNUMBER || type == LUA_TSTRING || value_is_cdata(e->L, index))) ||
              (field->kind >= OBJECT && type == LUA_TTABLE) || (!field->required && value_is_null(e->L, index));
  if (!fits) return value_fail(e->L, path, "expected %s, got %s", names[field->kind], value_type_name(e->L, index));
  if (field->kind == STRING && field->required & IN(e->check) && !value_text(e->L, index).len) {
    return value_fail(e->L, path, "is empty");
  }
  return true;
}

static bool encode_value(struct encoder *e, int index, const struct field *field, const struct path *path, int depth) {
  lua_State *L = e->L;
  int type = lua_type(L, index);
  if (e->check != SCRIPT_ANY) {
    if (!check_kind(e, index, field, path)) return false;
    if (field->kind == NUMBER && type != LUA_TNUMBER && !value_is_null(L, index)) return encode_integer(e, index, path);
  }
  switch (type) {
    case LUA_TSTRING: return encode_string(e, index, path);
    case LUA_TNUMBER: return encode_number(e, index, path);
    case LUA_TTABLE: return encode_table(e, index, field, path, depth);
    case LUA_TBOOLEAN:
      buffer_slice(e->out, lua_toboolean(L, index) ? SLICE("true") : SLICE("false"));
      return true;
    default: break;
  }
  if (value_is_cdata(L, index)) return encode_integer(e, index, path);
  if (!value_is_null(L, index)) return value_fail(L, path, "a %s can't be JSON", luaL_typename(L, index));
  buffer_slice(e->out, SLICE("null"));
  return true;
}

bool task_encode(lua_State *L, int index, enum script_check check, const struct path *path, struct buffer *out,
                 struct buffer *keys) {
  struct encoder e = { L, check, out, keys };
  luaL_checkstack(L, 12, "too many nested values");
  if (!encode_value(&e, index, &script_root, path, 0)) return false;
  return buffer_ok(out) || value_fail(L, path, "is too large to encode");
}
