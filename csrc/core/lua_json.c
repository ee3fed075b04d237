#include "core/lua_json.h"

#include "core/core.h"
#include "core/script.h"

#include <math.h>

/* The values of a list or an object wait on the stack until it ends, so that its table gets the right size at once.
   If more values wait, in one list or object or in total, they go into a table before the end. */
#define MAX_WAITING 64
#define MAX_WAITING_TOTAL 1024

/* The memory that the values of a text may take, as Lua counts it: this many bytes for each byte of the text, but at
   least MIN_LIMIT. With the overhead of malloc, a process grows by less than 8 bytes for each byte. */
#define MAX_GROWTH 5
#define MIN_LIMIT ((size_t)80 * 1024 * 1024)

/* The largest sizes of an item and of a member in the tables of all Luas. */
#define LIST_ITEM_SIZE 16
#define MEMBER_SIZE 40

/* The message about a key that occurs twice, until the key is added to it. */
static const char REPEATED[] = "has a key twice";

/* A message shows so many bytes of a key. */
#define MAX_SHOWN_KEY 100

/* The number of values between two checks of the memory. */
#define CHECK_INTERVAL 1024

/* A list or an object that has not ended. */
struct level {
  int table; /* stack index of its table, or of the nil in its place */
  bool is_list;
  bool is_created;
  size_t count; /* the values in the table */
  int waiting;  /* the values that wait above it on the stack, in an object each above its key */
};

struct builder {
  lua_State *L;
  struct json_reader reader;
  enum json_use use;
  int list_mark; /* stack index of the metatable of lists */
  int object_mark;
  int max_waiting; /* MAX_WAITING, or 1 if no key may occur twice: each is looked for in the table */
  int reserved;    /* the height up to which the stack has room */
  int until_check;
  size_t limit; /* in KiB */
  size_t depth;
  struct level *levels;
};

static void push_integer(const struct builder *b, int64_t value) {
  char text[JSON_NUMBER_SIZE];
  bool exact = LUA_VERSION_NUM >= 503 || (value >= -MAX_SAFE_INTEGER && value <= MAX_SAFE_INTEGER);
  if (exact || b->use != JSON_REPLY) value_push_integer(b->L, value);
  else lua_pushlstring(b->L, text, json_format_integer(text, value));
}

static void push_double(const struct builder *b, double value) {
  bool whole = fabs(value) < 9223372036854775808.0 && (double)(int64_t)value == value;
  if (LUA_VERSION_NUM >= 503 && whole && b->use == JSON_REPLY) value_push_integer(b->L, (int64_t)value);
  else lua_pushnumber(b->L, (lua_Number)value);
}

static void push_number(const struct builder *b) {
  const struct json_number *n = &b->reader.number;
  if (n->kind == JSON_IS_INTEGER) push_integer(b, n->integer);
  else if (n->kind == JSON_IS_DOUBLE) push_double(b, n->value);
  else if (b->use != JSON_REPLY) value_push_digits(b->L, n->digits);
  else lua_pushlstring(b->L, n->digits.data, n->digits.len);
}

static void push_null(const struct builder *b) {
  bool in_object = b->depth && !b->levels[b->depth - 1].is_list;
  if (in_object && b->use == JSON_REPLY) lua_pushnil(b->L);
  else lua_pushlightuserdata(b->L, NULL);
}

static void push_scalar(const struct builder *b, enum json_token token) {
  switch (token) {
    case JSON_STRING: lua_pushlstring(b->L, b->reader.string.data, b->reader.string.len); break;
    case JSON_NUMBER: push_number(b); break;
    case JSON_NULL: push_null(b); break;
    default: lua_pushboolean(b->L, token == JSON_TRUE); break;
  }
}

/* Makes room for a key, a value and a few values more. */
static void reserve(struct builder *b) {
  int top = lua_gettop(b->L);
  if (b->reserved - top >= 8) return;
  reserve_stack(b->L, MAX_WAITING);
  b->reserved = top + MAX_WAITING;
}

static void create_table(const struct builder *b, struct level *level) {
  lua_State *L = b->L;
  lua_createtable(L, level->is_list ? level->waiting : 0, level->is_list ? 0 : level->waiting);
  bool is_empty_object = !level->is_list && !level->waiting && b->use != JSON_REPLY;
  if (level->is_list || is_empty_object) {
    lua_pushvalue(L, level->is_list ? b->list_mark : b->object_mark);
    lua_setmetatable(L, -2);
  }
  lua_replace(L, level->table);
  level->is_created = true;
}

/* Moves the waiting values into the table. If a key occurs twice, its last value remains. */
static void store_waiting(const struct builder *b, struct level *level) {
  lua_State *L = b->L;
  if (!level->is_created) create_table(b, level);
  level->count += (size_t)level->waiting;
  if (level->is_list) {
    for (size_t i = level->count; level->waiting; i--, level->waiting--) lua_rawseti(L, level->table, clamp_to_int(i));
  } else if (level->waiting == 1) {
    lua_rawset(L, level->table);
  } else {
    for (int i = level->table + 1; i <= level->table + 2 * level->waiting; i += 2) {
      lua_pushvalue(L, i);
      lua_pushvalue(L, i + 1);
      lua_rawset(L, level->table);
    }
    lua_settop(L, level->table);
  }
  level->waiting = 0;
}

/* Returns the memory that Lua uses, in KiB. Returns 0 in a finalizer, where Lua 5.4 doesn't tell. */
static size_t memory_in_use(lua_State *L) {
  int used = lua_gc(L, LUA_GCCOUNT, 0);
  return used > 0 ? (size_t)used : 0;
}

/* Checks the memory now and then, and before the table of `level` doubles its size. A list grows in place, and the
   members of an object are copied. */
static bool check_memory(struct builder *b, const struct level *level) {
  size_t more = 0;
  if (level->count >= CHECK_INTERVAL && !(level->count & (level->count - 1)))
    more = level->count * (level->is_list ? LIST_ITEM_SIZE : 2 * MEMBER_SIZE) / 1024;
  else if (--b->until_check > 0) return true;
  b->until_check = CHECK_INTERVAL;
  if (memory_in_use(b->L) + more <= b->limit) return true;
  b->reader.error = (struct json_error){ b->reader.offset, "has too many values" };
  return false;
}

/* Adds the value on top of the stack to the list or object around it. */
static bool add_value(struct builder *b) {
  if (!b->depth) return true;
  struct level *level = &b->levels[b->depth - 1];
  level->waiting++;
  bool is_full = level->waiting == b->max_waiting || lua_gettop(b->L) > MAX_WAITING_TOTAL;
  if (level->is_created || is_full) store_waiting(b, level);
  return check_memory(b, level);
}

static void open_level(struct builder *b, bool is_list) {
  lua_pushnil(b->L);
  b->levels[b->depth++] = (struct level){ .table = lua_gettop(b->L), .is_list = is_list };
}

static bool close_level(struct builder *b) {
  store_waiting(b, &b->levels[--b->depth]);
  return add_value(b);
}

/* Fails if the object that is being read has the key on top of the stack already. */
static bool check_new_key(struct builder *b) {
  lua_State *L = b->L;
  const struct level *level = &b->levels[b->depth - 1];
  if (!level->is_created) return true;
  lua_pushvalue(L, -1);
  lua_rawget(L, level->table);
  bool is_new = lua_isnil(L, -1);
  lua_pop(L, 1);
  if (!is_new) b->reader.error = (struct json_error){ b->reader.offset, REPEATED };
  return is_new;
}

static bool build(struct builder *b) {
  for (;;) {
    bool added = true;
    reserve(b);
    enum json_token token = json_next(&b->reader);
    switch (token) {
      case JSON_ERROR: return false;
      case JSON_END: return true;
      case JSON_OBJECT:
      case JSON_LIST: open_level(b, token == JSON_LIST); break;
      case JSON_CLOSE: added = close_level(b); break;
      case JSON_KEY:
        lua_pushlstring(b->L, b->reader.string.data, b->reader.string.len);
        if (b->use == JSON_UNIQUE) added = check_new_key(b);
        break;
      default:
        push_scalar(b, token);
        added = add_value(b);
        break;
    }
    if (!added) return false;
  }
}

bool json_push(lua_State *L, struct slice text, enum json_use use, struct buffer *unescaped, struct json_error *error) {
  size_t growth = text.len * MAX_GROWTH > MIN_LIMIT ? text.len * MAX_GROWTH : MIN_LIMIT;
  int top = lua_gettop(L);
  struct level levels[MAX_JSON_DEPTH];
  struct builder b = {
    .L = L,
    .use = use,
    .list_mark = top + 1,
    .object_mark = top + 2,
    .max_waiting = use == JSON_UNIQUE ? 1 : MAX_WAITING,
    .until_check = CHECK_INTERVAL,
    .levels = levels,
  };
  *error = (struct json_error){ 0, "is larger than 64 MiB" };
  _Static_assert(BUFFER_LIMIT == (size_t)64 << 20, "the message names the limit");
  if (text.len > BUFFER_LIMIT) return false;
  b.limit = memory_in_use(L) + growth / 1024;
  b.reader.text = text;
  b.reader.unescaped = unescaped;
  b.reader.any_bytes = use == JSON_REPLY;
  json_skip_byte_order_mark(&b.reader);
  reserve(&b);
  luaL_getmetatable(L, TASK_LIST);
  luaL_getmetatable(L, TASK_OBJECT);
  bool built = build(&b);
  if (unescaped->state == BUFFER_NO_MEMORY) out_of_memory(L);
  *error = b.reader.error;
  if (built) lua_replace(L, top + 1);
  lua_settop(L, built ? top + 1 : top);
  return built;
}

void json_add_place(lua_State *L, struct slice text, size_t offset) {
  struct json_place place = json_place_of(text, offset);
  lua_getfield(L, -1, "message");
  lua_pushfstring(L, "%s at line %d, column %d (byte %d)", lua_tostring(L, -1), clamp_to_int(place.line),
                  clamp_to_int(place.column), clamp_to_int(place.byte));
  lua_setfield(L, -3, "message");
  lua_pop(L, 1);
  lua_pushinteger(L, (lua_Integer)place.byte);
  lua_setfield(L, -2, "byte");
  lua_pushinteger(L, (lua_Integer)place.line);
  lua_setfield(L, -2, "line");
  lua_pushinteger(L, (lua_Integer)place.column);
  lua_setfield(L, -2, "column");
}

/* Pushes the key in quotes that begins at `offset`, as the text has it. */
static const char *push_key(lua_State *L, struct slice text, size_t offset) {
  size_t end = offset + 1;
  while (text.data[end] != '"') end += text.data[end] == '\\' ? 2 : 1;
  bool is_long = end - offset > MAX_SHOWN_KEY;
  if (is_long) end = offset + MAX_SHOWN_KEY;
  while (is_long && ((unsigned char)text.data[end] & 0xc0) == 0x80) end--;
  lua_pushlstring(L, text.data + offset, end - offset);
  lua_pushstring(L, is_long ? "...\"" : "\"");
  lua_concat(L, 2);
  return lua_tostring(L, -1);
}

bool json_fail(lua_State *L, const struct path *path, struct slice text, struct json_error error) {
  if (error.message == REPEATED) {
    value_fail(L, path, "has the key %s twice", push_key(L, text, error.offset));
    lua_remove(L, -2);
  } else {
    value_fail(L, path, "%s", error.message);
  }
  json_add_place(L, text, error.offset);
  return false;
}

/* Decodes argument 1. */
static int decode(lua_State *L, enum json_use use) {
  struct json_error error;
  struct slice text;
  text.data = luaL_checklstring(L, 1, &text.len);
  lua_settop(L, 1);
  struct scratch *s = take_scratch(L);
  bool pushed = json_push(L, text, use, &s->unescaped, &error);
  release_scratch(s);
  if (pushed) return 1;
  json_fail(L, NULL, text, error);
  return value_nil_and_error(L);
}

/* decode(text) -> value | nil, err. The value is exact: encode gives an equal text. The message of the error is a
   predicate, such as "is not JSON: ...". */
int core_decode(lua_State *L) {
  return decode(L, JSON_EXACT);
}

/* decode_unique(text) -> value | nil, err. Does the same as decode, but refuses a key that an object has twice. */
int core_decode_unique(lua_State *L) {
  return decode(L, JSON_UNIQUE);
}

/* decode_reply(text) -> value | nil, err. Does the same as decode, but leaves out null members of objects, accepts
   strings that are not UTF-8, and returns integers that Lua doesn't have as decimal text. */
int core_decode_reply(lua_State *L) {
  return decode(L, JSON_REPLY);
}

/* locate(text, path) -> line, column, byte | nil. Returns the place of a value in a JSON text, as json_find says. */
int core_locate(lua_State *L) {
  struct slice text, path;
  size_t offset;
  text.data = luaL_checklstring(L, 1, &text.len);
  path.data = luaL_checklstring(L, 2, &path.len);
  struct scratch *s = take_scratch(L);
  bool found = json_find(text, path, &s->unescaped, &offset);
  if (s->unescaped.state == BUFFER_NO_MEMORY) out_of_memory(L);
  release_scratch(s);
  if (!found) return 0;
  struct json_place place = json_place_of(text, offset);
  lua_pushinteger(L, (lua_Integer)place.line);
  lua_pushinteger(L, (lua_Integer)place.column);
  lua_pushinteger(L, (lua_Integer)place.byte);
  return 3;
}
