#include "core/value.h"

#include "core/json.h"

#include <stdarg.h>

/* An error shows at most this many bytes of a wrong text. */
#define MAX_SHOWN_BYTES 40

/* Appends the path as text, such as TaskParam.steps[1].parameter. */
static void add_path(luaL_Buffer *b, const struct path *path) {
  if (path->up) add_path(b, path->up);
  if (path->index) {
    lua_pushfstring(b->L, "[%d]", clamp_to_int(path->index));
    luaL_addvalue(b);
    return;
  }
  if (path->up) luaL_addchar(b, '.');
  luaL_addlstring(b, path->name.data, path->name.len);
}

bool value_fail(lua_State *L, const struct path *path, const char *format, ...) {
  va_list arguments;
  reserve_stack(L, LUA_MINSTACK);
  lua_createtable(L, 0, 8);
  va_start(arguments, format);
  lua_pushvfstring(L, format, arguments);
  va_end(arguments);
  lua_setfield(L, -2, "message");
  lua_pushliteral(L, "invalid");
  lua_setfield(L, -2, "kind");
  if (!path) return false;
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  add_path(&b, path);
  luaL_pushresult(&b);
  lua_setfield(L, -2, "path");
  return false;
}

void value_add_known(lua_State *L, struct slice name) {
  int error = lua_gettop(L);
  value_field(L, error, "known");
  if (lua_isnil(L, -1)) {
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, error, "known");
  }
  lua_pushlstring(L, name.data, name.len);
  lua_pushboolean(L, true);
  lua_rawset(L, -3);
  lua_settop(L, error);
}

int value_nil_and_error(lua_State *L) {
  lua_pushnil(L);
  lua_insert(L, -2);
  return 2;
}

const char *value_type_name(lua_State *L, int index) {
  if (!lua_isnoneornil(L, index) && value_is_null(L, index)) return "null";
  return value_digits(L, index).data ? "number" : luaL_typename(L, index);
}

const char *value_push_shown(lua_State *L, int index) {
  struct slice digits = value_digits(L, index), text = digits.data ? digits : value_text(L, index);
  bool cut = text.len > MAX_SHOWN_BYTES;
  reserve_stack(L, 4);
  if (!text.data) return lua_pushfstring(L, "a %s", value_type_name(L, index));
  lua_pushlstring(L, text.data, cut ? MAX_SHOWN_BYTES : text.len);
  return lua_pushfstring(L, digits.data ? "the number %s%s" : "\"%s%s\"", lua_tostring(L, -1), cut ? "..." : "");
}

struct slice value_text(lua_State *L, int index) {
  struct slice text = { NULL, 0 };
  if (lua_type(L, index) == LUA_TSTRING) text.data = lua_tolstring(L, index, &text.len);
  return text;
}

void value_field(lua_State *L, int table, const char *name) {
  lua_pushstring(L, name);
  lua_rawget(L, table);
}

/* Parses a decimal integer of 64 bits. Returns false for any other text. */
static bool parse_integer(struct slice text, long long *value) {
  bool negative = text.len && text.data[0] == '-';
  size_t at = negative;
  unsigned long long sum = 0, limit = (unsigned long long)INT64_MAX + negative;
  if (at == text.len) return false;
  for (; at < text.len; at++) {
    if (text.data[at] < '0' || text.data[at] > '9') return false;
    unsigned digit = (unsigned)(text.data[at] - '0');
    if (sum > (limit - digit) / 10) return false;
    sum = sum * 10 + digit;
  }
  *value = negative ? (long long)(0 - sum) : (long long)sum;
  return true;
}

/* Parses the text of a 64-bit cdata, which LuaJIT writes as 42LL or 42ULL. */
static bool parse_cdata(lua_State *L, int index, long long *value) {
  bool parsed = false;
  if (luaL_callmeta(L, index, "__tostring")) {
    struct slice text = value_text(L, -1);
    while (text.len && (text.data[text.len - 1] == 'L' || text.data[text.len - 1] == 'U')) text.len--;
    parsed = parse_integer(text, value);
    lua_pop(L, 1);
  }
  return parsed;
}

/* Formats the number without lua_pushfstring, because lua_pushfstring writes the decimal point of the locale. */
static bool fail_not_whole(lua_State *L, const struct path *path, double number) {
  char text[JSON_NUMBER_SIZE];
  text[json_format_double(text, number)] = '\0';
  return value_fail(L, path, "expected a whole number, got %s", text);
}

bool value_is_cdata(lua_State *L, int index) {
  return lua_type(L, index) > LUA_TTHREAD;
}

bool value_integer(lua_State *L, int index, const struct path *path, long long *value) {
  if (lua_isinteger(L, index)) {
    *value = (long long)lua_tointeger(L, index);
    return true;
  }
  if (lua_type(L, index) == LUA_TNUMBER) {
    lua_Number number = lua_tonumber(L, index);
    if (number >= -(lua_Number)MAX_SAFE_INTEGER && number <= (lua_Number)MAX_SAFE_INTEGER) {
      *value = (long long)number;
      if ((lua_Number)*value == number) return true;
      return fail_not_whole(L, path, number);
    }
    return value_fail(L, path, "a float of this size isn't exact; pass the number as a decimal string");
  }
  struct slice digits = value_digits(L, index);
  if (!digits.data) digits = value_text(L, index);
  bool parsed = value_is_cdata(L, index) ? parse_cdata(L, index, value) : parse_integer(digits, value);
  if (parsed) return true;
  if (!digits.data) return value_fail(L, path, "expected a whole number, got %s", value_type_name(L, index));
  return value_fail(L, path, "expected a whole number of 64 bits, such as 10000, got %s", value_push_shown(L, index));
}

bool value_check_written(lua_State *L, enum buffer_state state, const struct path *path) {
  if (state == BUFFER_NO_MEMORY) out_of_memory(L);
  return state == BUFFER_OK ||
         value_fail(L, path, "is too large: the limit of a request is %d MiB", clamp_to_int(BUFFER_LIMIT >> 20));
}

bool value_check_nesting(lua_State *L, const void *around[], const void *table, const struct path *path) {
  for (int i = 0; i < path->depth; i++) {
    if (around[i] == table) return value_fail(L, path, "contains itself");
  }
  if (path->depth >= MAX_JSON_DEPTH) return value_fail(L, path, "is nested more than %d levels deep", MAX_JSON_DEPTH);
  around[path->depth] = table;
  return true;
}

bool value_has_number_key_first(lua_State *L, int index) {
  lua_pushnil(L);
  if (!lua_next(L, index)) return false;
  bool number = lua_type(L, -2) == LUA_TNUMBER;
  lua_pop(L, 2);
  return number;
}

/* Pops the item on top of the stack. Returns whether it was an item of a list. */
static bool pop_item(lua_State *L) {
  bool found = !lua_isnil(L, -1);
  lua_pop(L, 1);
  return found;
}

/* Returns the index of the first item that is nil. */
static int first_hole(lua_State *L, int list) {
  int index = 0;
  do lua_rawgeti(L, list, ++index);
  while (pop_item(L));
  return index;
}

/* Names the mistake of a list that has a name as a key. */
static bool fail_names_in_list(lua_State *L, int list, const struct path *path) {
  lua_rawgeti(L, list, 1);
  if (pop_item(L)) return value_fail(L, path, "has both list items and names: a table is either a list or an object");
  return value_fail(L, path, "expected a list, got a table of names; a list of one table is { { ... } }");
}

bool value_check_list(lua_State *L, int list, const struct path *path, size_t *length) {
  size_t count = 0;
  lua_Number last = 0;
  reserve_stack(L, 4);
  for (lua_pushnil(L); lua_next(L, list); lua_pop(L, 1)) {
    lua_Number key = lua_type(L, -2) == LUA_TNUMBER ? lua_tonumber(L, -2) : 0;
    if (lua_type(L, -2) == LUA_TSTRING) return fail_names_in_list(L, list, path);
    if (!(key >= 1 && key <= INT32_MAX) || key != (lua_Number)(size_t)key)
      return value_fail(L, path, "expected a list: its keys are the whole numbers from 1");
    if (key > last) last = key;
    count++;
  }
  *length = count;
  if (last == (lua_Number)count) return true;
  return value_fail(L, path, "item %d is nil: the list has a hole", first_hole(L, list));
}

bool value_check_size(lua_State *L, struct slice text, const struct path *path) {
  return value_check_written(L, text.len > BUFFER_LIMIT ? BUFFER_TOO_LARGE : BUFFER_OK, path);
}

bool value_check_utf8(lua_State *L, struct slice text, const struct path *path) {
  if (!value_check_size(L, text, path)) return false;
  size_t bad = json_utf8_error(text);
  return bad == text.len || value_fail(L, path, "is not UTF-8: byte %d, counted from 1", clamp_to_int(bad + 1));
}

struct slice value_keep(lua_State *L, int list) {
  struct slice text = value_text(L, -1);
  lua_rawseti(L, list, clamp_to_int(raw_length(L, list) + 1));
  return text;
}

void registry_push(lua_State *L, const void *key) {
  lua_pushlightuserdata(L, (void *)key);
  lua_rawget(L, LUA_REGISTRYINDEX);
}

void registry_set(lua_State *L, const void *key) {
  lua_pushlightuserdata(L, (void *)key);
  lua_insert(L, -2);
  lua_rawset(L, LUA_REGISTRYINDEX);
}
