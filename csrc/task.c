#include "task.h"

#include "json.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum kind { ANY, STRING, NUMBER, OBJECT, LIST };

#define IN(check) (1u << (check))
#define CREATING IN(TASK_CREATING)
#define BOTH (IN(TASK_CREATING) | IN(TASK_UPDATING))

struct encoder {
  lua_State *L;
  enum task_check check;
  struct buffer *out;
  struct buffer *keys;
};

struct shape;

/* `item` and `shape` tell of a list's items; `shape` of an object. `required`: in which checks it must be there. */
struct field {
  struct slice name;
  enum kind kind;
  unsigned required;
  enum kind item;
  const struct shape *shape;
};

struct shape {
  const struct field *fields;
  size_t count;
  bool (*check)(struct encoder *e, int index, const struct path *path);
};

static bool check_script(struct encoder *e, int index, const struct path *path);
static bool check_step(struct encoder *e, int index, const struct path *path);
static bool check_connection(struct encoder *e, int index, const struct path *path);

#define NAME(literal) { (literal), sizeof(literal) - 1 }
#define SHAPE(name, check_function) \
  static const struct shape name = { name##_fields, sizeof name##_fields / sizeof *name##_fields, check_function }

/* The order of the fields is the order on the wire; keys not named here follow, sorted. */
static const struct field table_info_fields[] = {
  { NAME("enable"), ANY, 0, ANY, NULL },
  { NAME("table"), STRING, BOTH, ANY, NULL },
  { NAME("tableName"), STRING, 0, ANY, NULL },
};
SHAPE(table_info, NULL);

static const struct field schema_fields[] = {
  { NAME("schemaName"), STRING, 0, ANY, NULL },
  { NAME("tableInfos"), LIST, BOTH, OBJECT, &table_info },
};
SHAPE(schema, NULL);

static const struct field selected_fields[] = {
  { NAME("dbName"), STRING, BOTH, ANY, NULL },
  { NAME("schema"), LIST, BOTH, OBJECT, &schema },
};
SHAPE(selected, NULL);

static const struct field connection_fields[] = {
  { NAME("datasourceType"), STRING, 0, ANY, NULL },
  { NAME("datasource"), STRING, CREATING, ANY, NULL },
  { NAME("selectedTables"), LIST, 0, OBJECT, &selected },
  { NAME("table"), LIST, 0, STRING, NULL },
  { NAME("querySql"), LIST, 0, STRING, NULL },
};
SHAPE(connection, check_connection);

static const struct field parameter_fields[] = {
  { NAME("datasource"), STRING, 0, ANY, NULL },
  { NAME("connection"), LIST, 0, OBJECT, &connection },
  { NAME("column"), LIST, 0, ANY, NULL },
  { NAME("updateColumn"), LIST, 0, ANY, NULL },
  { NAME("skipNullColumn"), LIST, 0, ANY, NULL },
  { NAME("preSql"), LIST, 0, ANY, NULL },
  { NAME("postSql"), LIST, 0, ANY, NULL },
};
SHAPE(parameter, NULL);

static const struct field step_fields[] = {
  { NAME("stepType"), STRING, CREATING, ANY, NULL },
  { NAME("parameter"), OBJECT, BOTH, ANY, &parameter },
  { NAME("name"), STRING, 0, ANY, NULL },
  { NAME("category"), STRING, BOTH, ANY, NULL },
};
SHAPE(step, check_step);

static const struct field setting_fields[] = {
  { NAME("resourceGroup"), STRING, CREATING, ANY, NULL },
  { NAME("scheduleResgroupId"), NUMBER, 0, ANY, NULL },
  { NAME("name"), STRING, 0, ANY, NULL },
  { NAME("taskType"), STRING, CREATING, ANY, NULL },
};
SHAPE(setting, NULL);

static const struct field hop_fields[] = {
  { NAME("from"), STRING, 0, ANY, NULL },
  { NAME("to"), STRING, 0, ANY, NULL },
};
SHAPE(hop, NULL);

static const struct field order_fields[] = {
  { NAME("hops"), LIST, 0, OBJECT, &hop },
};
SHAPE(order, NULL);

static const struct field script_fields[] = {
  { NAME("extend"), ANY, 0, ANY, NULL },
  { NAME("type"), STRING, CREATING, ANY, NULL },
  { NAME("version"), STRING, 0, ANY, NULL },
  { NAME("setting"), OBJECT, CREATING, ANY, &setting },
  { NAME("steps"), LIST, BOTH, OBJECT, &step },
  { NAME("order"), OBJECT, 0, ANY, &order },
};
SHAPE(script, check_script);

static const struct field script_field = { NAME(""), OBJECT, BOTH, ANY, &script };
static const struct field any_field = { NAME(""), ANY, 0, ANY, NULL };

/* Errors */

static void add_path(luaL_Buffer *b, const struct path *path) {
  if (path->up) add_path(b, path->up);
  if (path->index) {
    lua_pushfstring(b->L, "[%d]", (int)path->index);
    luaL_addvalue(b);
    return;
  }
  if (path->up) luaL_addchar(b, '.');
  luaL_addlstring(b, path->name.data, path->name.len);
}

bool task_fail(lua_State *L, const struct path *path, const char *format, ...) {
  va_list arguments;
  luaL_checkstack(L, 8, "too many nested values");
  lua_createtable(L, 0, 4);
  va_start(arguments, format);
  lua_pushvfstring(L, format, arguments);
  va_end(arguments);
  lua_setfield(L, -2, "message");
  lua_pushliteral(L, "invalid");
  lua_setfield(L, -2, "kind");
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  add_path(&b, path);
  luaL_pushresult(&b);
  lua_setfield(L, -2, "path");
  return false;
}

static const char *type_name(lua_State *L, int index) {
  if (lua_islightuserdata(L, index) && !lua_touserdata(L, index)) return "null";
  return luaL_typename(L, index);
}

static bool is_null(lua_State *L, int index) {
  return lua_isnil(L, index) || (lua_islightuserdata(L, index) && !lua_touserdata(L, index));
}

static struct slice text_at(lua_State *L, int index) {
  struct slice text = { NULL, 0 };
  if (lua_type(L, index) == LUA_TSTRING) text.data = lua_tolstring(L, index, &text.len);
  return text;
}

/* Pushes table[name] without metamethods. */
static void raw_field(lua_State *L, int table, const char *name) {
  lua_pushstring(L, name);
  lua_rawget(L, table);
}

/* The checks of whole objects */

static struct path child(const struct path *up, const char *name) {
  return (struct path){ .up = up, .name = { name, strlen(name) } };
}

struct step_count {
  int readers;
  int writers;
  size_t writer;
};

static bool count_steps(struct encoder *e, int steps, const struct path *path, struct step_count *found) {
  lua_State *L = e->L;
  size_t count = lua_rawlen(L, steps);
  for (size_t i = 1; i <= count; i++) {
    lua_rawgeti(L, steps, (int)i);
    if (lua_istable(L, -1)) {
      raw_field(L, lua_gettop(L), "category");
      struct slice category = text_at(L, -1);
      if (slice_equal(category, SLICE("reader"))) {
        found->readers++;
      } else if (slice_equal(category, SLICE("writer"))) {
        found->writers++;
        found->writer = i;
      } else {
        struct path item = { .up = path, .index = i };
        struct path field = child(&item, "category");
        return task_fail(L, &field, "expected \"reader\" or \"writer\"");
      }
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  }
  bool one_writer = found->writers == 1 || (e->check == TASK_UPDATING && !found->writers);
  if (found->readers == 1 && one_writer) return true;
  return task_fail(L, path, "expected exactly one reader step%s, got %d reader(s) and %d writer(s)",
                   e->check == TASK_CREATING ? " and one writer step" : "", found->readers, found->writers);
}

/* A writer of type odps belongs to oneclick_to_odps, and so on. */
static bool check_task_type(struct encoder *e, int script_index, int steps, size_t writer, const struct path *path) {
  static const char prefix[] = "oneclick_to_";
  lua_State *L = e->L;
  raw_field(L, script_index, "setting");
  if (!lua_istable(L, -1)) {
    lua_pop(L, 1);
    return true;
  }
  raw_field(L, lua_gettop(L), "taskType");
  lua_rawgeti(L, steps, (int)writer);
  raw_field(L, lua_gettop(L), "stepType");
  struct slice task_type = text_at(L, -3), step_type = text_at(L, -1);
  bool known = task_type.data && step_type.data;
  bool fits = known && task_type.len == step_type.len + sizeof prefix - 1 &&
              !memcmp(task_type.data, prefix, sizeof prefix - 1) &&
              !memcmp(task_type.data + sizeof prefix - 1, step_type.data, step_type.len);
  if (known && !fits) {
    struct path up = child(path, "setting");
    struct path field = child(&up, "taskType");
    return task_fail(L, &field, "\"%s\" doesn't fit the writer's stepType \"%s\"; expected \"oneclick_to_%s\"",
                     task_type.data, step_type.data, step_type.data);
  }
  lua_pop(L, 4);
  return true;
}

static bool check_script(struct encoder *e, int index, const struct path *path) {
  lua_State *L = e->L;
  struct step_count found = { 0, 0, 0 };
  raw_field(L, index, "type");
  if (e->check == TASK_CREATING && !slice_equal(text_at(L, -1), SLICE("realtime"))) {
    struct path field = child(path, "type");
    return task_fail(L, &field, "expected \"realtime\"");
  }
  raw_field(L, index, "steps");
  int steps = lua_gettop(L);
  if (lua_istable(L, steps) && lua_rawlen(L, steps)) {
    struct path field = child(path, "steps");
    if (!count_steps(e, steps, &field, &found)) return false;
    if (e->check == TASK_CREATING && !check_task_type(e, index, steps, found.writer, path)) return false;
  }
  lua_settop(L, steps - 2);
  return true;
}

static bool check_step(struct encoder *e, int index, const struct path *path) {
  lua_State *L = e->L;
  raw_field(L, index, "category");
  raw_field(L, index, "parameter");
  int at = lua_gettop(L);
  if (lua_istable(L, at)) {
    bool reader = slice_equal(text_at(L, at - 1), SLICE("reader"));
    const char *name = reader ? "connection" : "datasource";
    raw_field(L, at, name);
    if (is_null(L, -1) && (reader || e->check == TASK_CREATING)) {
      struct path up = child(path, "parameter");
      struct path field = child(&up, name);
      return task_fail(L, &field, "is missing");
    }
  }
  lua_settop(L, at - 2);
  return true;
}

static bool check_connection(struct encoder *e, int index, const struct path *path) {
  lua_State *L = e->L;
  raw_field(L, index, "selectedTables");
  raw_field(L, index, "table");
  bool several = !is_null(L, -2), single = !is_null(L, -1);
  lua_pop(L, 2);
  if (several != single) return true;
  return task_fail(L, path, "expected either selectedTables (several databases) or table (one database), got %s",
                   several ? "both" : "neither");
}

/* Scalars */

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

/* LuaJIT prints 42LL and 42ULL. */
static bool parse_cdata(lua_State *L, int index, long long *value) {
  bool parsed = false;
  if (luaL_callmeta(L, index, "__tostring")) {
    struct slice text = text_at(L, -1);
    while (text.len && (text.data[text.len - 1] == 'L' || text.data[text.len - 1] == 'U')) text.len--;
    parsed = parse_integer(text, value);
    lua_pop(L, 1);
  }
  return parsed;
}

static bool is_cdata(lua_State *L, int index) {
  return lua_type(L, index) > LUA_TTHREAD;
}

bool task_integer(lua_State *L, int index, const struct path *path, long long *value) {
  if (lua_isinteger(L, index)) {
    *value = (long long)lua_tointeger(L, index);
    return true;
  }
  if (lua_type(L, index) == LUA_TNUMBER) {
    lua_Number number = lua_tonumber(L, index);
    if (number >= -(lua_Number)JSON_SAFE_INTEGER && number <= (lua_Number)JSON_SAFE_INTEGER) {
      *value = (long long)number;
      if ((lua_Number)*value == number) return true;
      return task_fail(L, path, "expected a whole number, got %f", number);
    }
    return task_fail(L, path, "a float of this size isn't exact; pass the number as a decimal string");
  }
  bool parsed = is_cdata(L, index) ? parse_cdata(L, index, value) : parse_integer(text_at(L, index), value);
  if (parsed) return true;
  if (lua_type(L, index) != LUA_TSTRING) return task_fail(L, path, "expected a whole number, got %s", type_name(L, index));
  return task_fail(L, path, "expected a whole number of 64 bits in decimal digits, got other text");
}

static bool encode_string(struct encoder *e, int index, const struct path *path) {
  struct slice text = text_at(e->L, index);
  if (json_string(e->out, text)) return true;
  return task_fail(e->L, path, "is not UTF-8: byte %d, counted from 1", (int)json_utf8_error(text) + 1);
}

static bool encode_integer(struct encoder *e, int index, const struct path *path) {
  long long value = 0;
  if (!task_integer(e->L, index, path, &value)) return false;
  json_integer(e->out, value);
  return true;
}

static bool encode_number(struct encoder *e, int index, const struct path *path) {
  if (lua_isinteger(e->L, index)) return encode_integer(e, index, path);
  if (json_double(e->out, lua_tonumber(e->L, index))) return true;
  return task_fail(e->L, path, "is not a finite number; JSON has none");
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
      return task_fail(L, path, "expected names as keys, got a %s key beside them", luaL_typename(L, -2));
    }
    struct key key = { .name = text_at(L, -2) };
    key.rank = rank_of(shape, key.name);
    if (shape && key.rank < shape->count && !is_null(L, -1)) *seen |= 1u << key.rank;
    if (kept < KEPT_VALUES) {
      kept++;
      lua_insert(L, -2);
      key.value = lua_gettop(L) - 1;
    } else {
      lua_pop(L, 1);
    }
    buffer_append(e->keys, (const char *)&key, sizeof key);
  }
  if (!buffer_ok(e->keys)) return task_fail(L, path, "has too many keys");
  size_t count = (e->keys->len - base) / sizeof(struct key);
  if (count > 1) qsort(e->keys->data + base, count, sizeof(struct key), by_rank);
  return true;
}

static bool check_required(struct encoder *e, const struct shape *shape, unsigned seen, const struct path *path) {
  for (size_t i = 0; i < shape->count; i++) {
    if ((seen >> i & 1) || !(shape->fields[i].required & IN(e->check))) continue;
    struct path field = { .up = path, .name = shape->fields[i].name };
    return task_fail(e->L, &field, "is missing");
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
  if (shape && e->check != TASK_ANY) {
    if (!check_required(e, shape, seen, path)) return false;
    if (shape->check && !shape->check(e, index, path)) return false;
  }
  buffer_byte(e->out, '{');
  for (size_t at = base; at < end; at += sizeof(struct key)) {
    struct key key;
    memcpy(&key, e->keys->data + at, sizeof key);
    if (at > base) buffer_byte(e->out, ',');
    if (!json_string(e->out, key.name)) return task_fail(L, path, "a key is not UTF-8");
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
      return task_fail(L, path, "expected a list, got a %s key", luaL_typename(L, -2));
    }
    lua_Number key = lua_tonumber(L, -2);
    if (key < 1 || key > (lua_Number)length || key != (lua_Number)(size_t)key) {
      return task_fail(L, path, "expected a list counted from 1 without gaps");
    }
    count++;
  }
  return count == length || task_fail(L, path, "expected a list counted from 1 without gaps");
}

static bool encode_list(struct encoder *e, int index, const struct field *field, const struct path *path, int depth) {
  lua_State *L = e->L;
  size_t length = lua_rawlen(L, index);
  const struct field item = { NAME(""), field->item, BOTH, ANY, field->shape };
  if (!check_items(e, index, length, path)) return false;
  if (!length && field->kind == LIST && e->check != TASK_ANY) return task_fail(L, path, "is an empty list");
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
    if (p->table == self) return task_fail(L, path, "contains itself");
  }
  if (depth == JSON_DEPTH_LIMIT) return task_fail(L, path, "is nested more than %d levels deep", JSON_DEPTH_LIMIT);
  luaL_checkstack(L, KEPT_VALUES + 12, "too many nested values");
  bool list = field->kind == LIST;
  if (!list && (e->check == TASK_ANY || field->kind == ANY)) list = marked_as_list(L, index) || starts_as_list(L, index);
  if (list) return encode_list(e, index, field, path, depth + 1);
  return encode_object(e, index, field->kind == OBJECT ? field->shape : NULL, path, depth + 1);
}

/* In a check, a field is what it should be; elsewhere only tables are told apart by their fields. */
static bool check_kind(struct encoder *e, int index, const struct field *field, const struct path *path) {
  static const char *const names[] = { [STRING] = "text", [NUMBER] = "a number", [OBJECT] = "a table", [LIST] = "a list" };
  int type = lua_type(e->L, index);
  bool fits = field->kind == ANY || (field->kind == STRING && type == LUA_TSTRING) ||
              (field->kind == NUMBER && (type == LUA_TNUMBER || type == LUA_TSTRING || is_cdata(e->L, index))) ||
              (field->kind >= OBJECT && type == LUA_TTABLE) || (!field->required && is_null(e->L, index));
  if (!fits) return task_fail(e->L, path, "expected %s, got %s", names[field->kind], type_name(e->L, index));
  if (field->kind == STRING && field->required & IN(e->check) && !text_at(e->L, index).len) {
    return task_fail(e->L, path, "is empty");
  }
  return true;
}

static bool encode_value(struct encoder *e, int index, const struct field *field, const struct path *path, int depth) {
  lua_State *L = e->L;
  int type = lua_type(L, index);
  if (e->check != TASK_ANY) {
    if (!check_kind(e, index, field, path)) return false;
    if (field->kind == NUMBER && type != LUA_TNUMBER && !is_null(L, index)) return encode_integer(e, index, path);
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
  if (is_cdata(L, index)) return encode_integer(e, index, path);
  if (!is_null(L, index)) return task_fail(L, path, "a %s can't be JSON", luaL_typename(L, index));
  buffer_slice(e->out, SLICE("null"));
  return true;
}

bool task_encode(lua_State *L, int index, enum task_check check, const struct path *path, struct buffer *out,
                 struct buffer *keys) {
  struct encoder e = { L, check, out, keys };
  luaL_checkstack(L, 12, "too many nested values");
  if (!encode_value(&e, index, &script_field, path, 0)) return false;
  return buffer_ok(out) || task_fail(L, path, "is too large to encode");
}
