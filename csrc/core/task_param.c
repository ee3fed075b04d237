#include "core/script.h"

#include "core/json.h"

#include <stdlib.h>
#include <string.h>

struct encoder {
  lua_State *L;
  struct script_rules rules;
  struct buffer *out;
  struct buffer *keys;  /* of struct key */
  struct buffer *names; /* copies of the keys, because a finalizer may change a table while it is encoded */
  int faults;           /* stack index of the list of all faults; 0 if the first fault ends the encoding */
};

#define MAX_FAULTS 100

static const struct field any_field = { SLICE_INIT(""), ANY, 0, ANY, NULL };

static bool encode_string(struct encoder *e, int index, const struct path *path) {
  struct slice text = value_text(e->L, index);
  if (!value_check_size(e->L, text, path)) return false;
  return json_write_string(e->out, text) || value_check_utf8(e->L, text, path);
}

static bool encode_integer(struct encoder *e, int index, const struct path *path) {
  long long value = 0;
  if (!value_integer(e->L, index, path, &value)) return false;
  json_write_integer(e->out, value);
  return true;
}

static bool encode_number(struct encoder *e, int index, const struct path *path) {
  if (lua_isinteger(e->L, index)) return encode_integer(e, index, path);
  if (json_write_double(e->out, lua_tonumber(e->L, index))) return true;
  return value_fail(e->L, path, "is not a finite number; JSON has none");
}

/* Called after a check failed and pushed an error. If all faults are wanted, stores the error, restores the stack to
   `top` and returns true, so that the encoding goes on behind the refused value. */
static bool keep_fault(struct encoder *e, int top) {
  size_t count = e->faults ? raw_length(e->L, e->faults) : 0;
  if (!e->faults || count >= MAX_FAULTS) return false;
  lua_rawseti(e->L, e->faults, clamp_to_int(count + 1));
  lua_settop(e->L, top);
  return true;
}

/* Tables */

static bool encode_value(struct encoder *e, int index, const struct field *field, const struct path *path, int depth);

/* Returns the index of the field in the shape, or the number of fields if there is no such field. */
static size_t field_index(const struct shape *shape, struct slice name) {
  size_t count = shape ? shape->count : 0;
  for (size_t i = 0; i < count; i++) {
    if (slice_equal(shape->fields[i].name, name)) return i;
  }
  return count;
}

/* A key of an object, with a copy of its name in e->names. The offset says where the copy begins, because e->names can
   move. */
struct key {
  struct slice name;
  size_t offset;
};

static int compare_keys(const void *a, const void *b) {
  const struct key *left = a, *right = b;
  return slice_compare(left->name, right->name);
}

/* The members of an object. For each field of the shape, `known` has the stack index of its value, or 0. The other
   names are in e->keys, from index `first` up to `end`. */
struct members {
  int known[MAX_SHAPE_FIELDS];
  unsigned seen; /* a bit for each field of the shape that has a value */
  size_t first;
  size_t end;
};

static void add_key(struct encoder *e, struct slice name) {
  struct key key = { .name = name, .offset = e->names->len };
  buffer_append_slice(e->names, name);
  buffer_append_byte(e->names, '\0'); /* so that an empty name has an address too */
  buffer_append(e->keys, (const char *)&key, sizeof key);
}

/* Sorts the keys from index `first` on. */
static void sort_keys(struct encoder *e, size_t first) {
  size_t count = BUFFER_COUNT(struct key, e->keys) - first;
  struct key *keys = count ? &BUFFER_ITEMS(struct key, e->keys)[first] : NULL;
  for (size_t i = 0; i < count; i++) keys[i].name.data = e->names->data + keys[i].offset;
  if (count > 1) qsort(keys, count, sizeof *keys, compare_keys);
}

/* Collects the members of the table at `index`. Lua allocates no memory meanwhile, so that no finalizer can change the
   table. */
static bool collect_members(struct encoder *e, int index, const struct shape *shape, const struct path *path,
                            struct members *m) {
  lua_State *L = e->L;
  m->first = BUFFER_COUNT(struct key, e->keys);
  lua_pushnil(L);
  while (lua_next(L, index)) {
    if (lua_type(L, -2) != LUA_TSTRING) {
      return value_fail(L, path, "has a %s as a key beside its names: a table is either a list or an object",
                        luaL_typename(L, -2));
    }
    struct slice name = value_text(L, -2);
    size_t position = field_index(shape, name);
    if (shape && position < shape->count) {
      if (lua_type(L, -1) != LUA_TLIGHTUSERDATA || !value_is_null(L, -1)) m->seen |= 1u << position;
      lua_insert(L, -2);
      m->known[position] = lua_gettop(L) - 1;
    } else {
      add_key(e, name);
      lua_pop(L, 1);
    }
  }
  if (!value_check_written(L, e->names->state, path) || !value_check_written(L, e->keys->state, path)) return false;
  sort_keys(e, m->first);
  m->end = BUFFER_COUNT(struct key, e->keys);
  return true;
}

/* Checks that all fields that the shape requires were seen. Sets *complete to false if one is missing. */
static bool check_required(struct encoder *e, const struct shape *shape, unsigned seen, const struct path *path,
                           bool *complete) {
  int top = lua_gettop(e->L);
  for (size_t i = 0; i < shape->count; i++) {
    if ((seen >> i & 1) || !(shape->fields[i].required & CHECK_BIT(e->rules.check))) continue;
    struct path field = { .up = path, .name = shape->fields[i].name };
    *complete = false;
    if (!value_fail(e->L, &field, "is missing") && !keep_fault(e, top)) return false;
  }
  return true;
}

/* Checks that an object of a documented script has no key that its shape lacks. */
static bool check_known(struct encoder *e, const struct shape *shape, const struct members *m,
                        const struct path *path) {
  lua_State *L = e->L;
  int top = lua_gettop(L);
  if (!shape->is_closed || !e->rules.is_closed) return true;
  for (size_t k = m->first; k < m->end; k++) {
    struct path key = { .up = path, .name = BUFFER_ITEMS(struct key, e->keys)[k].name };
    value_fail(L, &key, "is not a documented key of this object");
    for (size_t i = 0; i < shape->count; i++) value_add_known(L, shape->fields[i].name);
    lua_pushliteral(L, "The option unchecked = true sends the script as it is.");
    lua_setfield(L, -2, "advice");
    if (!keep_fault(e, top)) return false;
  }
  return true;
}

/* Encodes one member of the object `self`: a comma if needed, the name, and the value at the stack index `value`. */
static bool encode_member(struct encoder *e, const void *self, struct slice name, int value, const struct field *field,
                          const struct path *path, int depth) {
  struct path at_name = { .up = path, .table = self, .name = name };
  if (e->out->data[e->out->len - 1] != '{') buffer_append_byte(e->out, ',');
  if (!json_write_string(e->out, name)) return value_fail(e->L, path, "a key is not UTF-8");
  buffer_append_byte(e->out, ':');
  return encode_value(e, value, field, &at_name, depth);
}

/* Encodes the members that the shape names, in its order. */
static bool encode_known(struct encoder *e, const void *self, const struct shape *shape, const struct members *m,
                         const struct path *path, int depth) {
  int top = lua_gettop(e->L);
  for (size_t i = 0; shape && i < shape->count; i++) {
    const struct field *field = &shape->fields[i];
    if (m->known[i] && !encode_member(e, self, field->name, m->known[i], field, path, depth) && !keep_fault(e, top))
      return false;
  }
  return true;
}

/* Encodes the other members. Each name stays on the stack while its value is encoded. A value can be missing, because a
   finalizer may have removed it after the names were collected. */
static bool encode_others(struct encoder *e, int index, const struct members *m, const struct path *path, int depth) {
  lua_State *L = e->L;
  const void *self = lua_topointer(L, index);
  int top = lua_gettop(L);
  for (size_t i = m->first; i < m->end; i++) {
    const struct key *key = &BUFFER_ITEMS(struct key, e->keys)[i];
    lua_pushlstring(L, e->names->data + key->offset, key->name.len);
    lua_pushvalue(L, -1);
    lua_rawget(L, index);
    struct slice name = value_text(L, -2);
    if (!lua_isnil(L, -1) && !encode_member(e, self, name, lua_gettop(L), &any_field, path, depth) &&
        !keep_fault(e, top))
      return false;
    lua_settop(L, top);
  }
  return true;
}

/* Checks an object by the rules of its shape. */
static bool check_shape(struct encoder *e, int index, const struct shape *shape, const struct members *m,
                        const struct path *path) {
  int top = lua_gettop(e->L);
  bool complete = true;
  if (!check_known(e, shape, m, path) || !check_required(e, shape, m->seen, path, &complete)) return false;
  if (!shape->check || !complete) return true;
  return shape->check(e->L, &e->rules, index, path) || keep_fault(e, top);
}

static bool encode_object(struct encoder *e, int index, const struct shape *shape, const struct path *path, int depth) {
  lua_State *L = e->L;
  int top = lua_gettop(L);
  size_t names = e->names->len;
  struct members m = { .known = { 0 } };
  if (!collect_members(e, index, shape, path, &m)) return false;
  if (shape && e->rules.check != SCRIPT_ANY && !check_shape(e, index, shape, &m, path)) return false;
  buffer_append_byte(e->out, '{');
  if (!value_check_written(L, e->out->state, path)) return false;
  if (!encode_known(e, lua_topointer(L, index), shape, &m, path, depth) || !encode_others(e, index, &m, path, depth))
    return false;
  buffer_append_byte(e->out, '}');
  e->keys->len = m.first * sizeof(struct key);
  e->names->len = names;
  lua_settop(L, top);
  return true;
}

static bool encode_list(struct encoder *e, int index, const struct field *field, const struct path *path, int depth) {
  lua_State *L = e->L;
  size_t length;
  const void *self = lua_topointer(L, index);
  const struct field item = { SLICE_INIT(""), field->item, ~0u, ANY, field->shape };
  if (!value_check_list(L, index, path, &length)) return false;
  if (!length && field->kind == LIST && e->rules.check != SCRIPT_ANY) return value_fail(L, path, "is an empty list");
  buffer_append_byte(e->out, '[');
  int top = lua_gettop(L);
  for (size_t i = 1; i <= length; i++) {
    if (i > 1) buffer_append_byte(e->out, ',');
    lua_rawgeti(L, index, clamp_to_int(i));
    struct path at_item = { .up = path, .table = self, .index = i };
    if (!encode_value(e, lua_gettop(L), &item, &at_item, depth) && !keep_fault(e, top)) return false;
    lua_settop(L, top);
  }
  buffer_append_byte(e->out, ']');
  return true;
}

static bool is_empty(lua_State *L, int index) {
  lua_pushnil(L);
  if (!lua_next(L, index)) return true;
  lua_pop(L, 2);
  return false;
}

/* Returns whether the kind of the field decides what its table is, and not the table itself. */
static bool is_strict(const struct encoder *e, const struct field *field) {
  return e->rules.check != SCRIPT_ANY && field->kind >= OBJECT;
}

/* Checks that the mark of a table does not contradict the kind of its field. */
static bool check_mark(const struct encoder *e, int index, const struct field *field, enum value_mark mark,
                       const struct path *path) {
  if (!is_strict(e, field)) return true;
  if (field->kind == OBJECT && mark == MARKED_LIST) return value_fail(e->L, path, "expected an object, got a list");
  bool is_object = field->kind == LIST && mark == MARKED_EMPTY_OBJECT && is_empty(e->L, index);
  return !is_object || value_fail(e->L, path, "expected a list, got an object");
}

/* Returns whether a table is a list. If the table itself decides, but is empty and has no mark, the kind of the field
   decides too. */
static bool is_list(const struct encoder *e, int index, const struct field *field, enum value_mark mark) {
  if (is_strict(e, field)) return field->kind == LIST;
  if (mark == MARKED_LIST || value_has_number_key_first(e->L, index)) return true;
  bool kind_is_list = field->kind == LIST || field->kind == EMPTY_LIST;
  return (mark == MARKED_EMPTY_LIST || (mark == UNMARKED && kind_is_list)) && is_empty(e->L, index);
}

static bool encode_table(struct encoder *e, int index, const struct field *field, const struct path *path, int depth) {
  lua_State *L = e->L;
  if (!value_check_nesting(L, lua_topointer(L, index), path, depth)) return false;
  reserve_stack(L, MAX_SHAPE_FIELDS + 16);
  enum value_mark mark = value_mark(L, index);
  if (!check_mark(e, index, field, mark, path)) return false;
  if (is_list(e, index, field, mark)) return encode_list(e, index, field, path, depth + 1);
  return encode_object(e, index, field->kind == OBJECT ? field->shape : NULL, path, depth + 1);
}

/* Checks that the value has the kind that its field demands, and that a required text is not empty. Called only for a
   script that is checked by rules. */
static bool check_kind(struct encoder *e, int index, int type, const struct field *field, const struct path *path) {
  static const char *const names[] = {
    [STRING] = "text", [NUMBER] = "a number", [OBJECT] = "a table", [LIST] = "a list"
  };
  bool fits =
    field->kind <= EMPTY_LIST || (field->kind == STRING && type == LUA_TSTRING) ||
    (field->kind == NUMBER && (type == LUA_TNUMBER || type == LUA_TSTRING || value_is_long_integer(e->L, index))) ||
    (field->kind >= OBJECT && type == LUA_TTABLE) || (!field->required && value_is_null(e->L, index));
  if (!fits) return value_fail(e->L, path, "expected %s, got %s", names[field->kind], value_type_name(e->L, index));
  if (type == LUA_TSTRING && field->kind == STRING && field->required & CHECK_BIT(e->rules.check) &&
      !raw_length(e->L, index)) {
    return value_fail(e->L, path, "is empty");
  }
  return true;
}

/* Encodes the empty_array of OpenResty's lua-cjson as an empty table that is marked as a list. */
static bool encode_empty_array(struct encoder *e, const struct field *field, const struct path *path, int depth) {
  lua_newtable(e->L);
  luaL_setmetatable(e->L, TASK_LIST);
  if (!encode_value(e, lua_gettop(e->L), field, path, depth)) return false;
  lua_pop(e->L, 1);
  return true;
}

static bool encode_value(struct encoder *e, int index, const struct field *field, const struct path *path, int depth) {
  lua_State *L = e->L;
  int type = value_is_null(L, index) ? LUA_TNIL : lua_type(L, index);
  if (type == LUA_TLIGHTUSERDATA && value_is_empty_array(L, index)) return encode_empty_array(e, field, path, depth);
  if (e->rules.check != SCRIPT_ANY) {
    if (!check_kind(e, index, type, field, path)) return false;
    if (field->kind == NUMBER && type != LUA_TNUMBER && type != LUA_TNIL) return encode_integer(e, index, path);
  }
  switch (type) {
    case LUA_TSTRING: return encode_string(e, index, path);
    case LUA_TNUMBER: return encode_number(e, index, path);
    case LUA_TTABLE: return encode_table(e, index, field, path, depth);
    case LUA_TBOOLEAN:
      buffer_append_slice(e->out, lua_toboolean(L, index) ? SLICE("true") : SLICE("false"));
      return true;
    case LUA_TNIL: buffer_append_slice(e->out, SLICE("null")); return true;
    default: break;
  }
  struct slice digits = value_digits(L, index);
  if (value_is_cdata(L, index)) return encode_integer(e, index, path);
  if (!digits.data) return value_fail(L, path, "a %s can't be JSON", luaL_typename(L, index));
  buffer_append_slice(e->out, digits);
  return true;
}

static bool check_size(const struct encoder *e, const struct path *path) {
  return value_check_written(e->L, e->out->state, path);
}

static void prepare_rules(struct encoder *e, int index) {
  e->rules.writers = writers_push(e->L);
  e->rules.is_closed = lua_istable(e->L, index) && script_is_documented(e->L, &e->rules, index);
}

void task_find_faults(lua_State *L, struct scratch *s, int index, enum script_check check, const struct path *path) {
  lua_newtable(L);
  int top = lua_gettop(L);
  struct encoder e = { L, { .check = check }, &s->text, &s->keys, &s->names, top };
  reserve_stack(L, LUA_MINSTACK);
  prepare_rules(&e, index);
  if (!encode_value(&e, index, &script_root, path, 0)) keep_fault(&e, top);
  lua_settop(L, top);
}

bool task_encode(lua_State *L, struct scratch *s, int index, enum script_check check, const struct path *path) {
  struct encoder e = { L, { .check = check }, &s->text, &s->keys, &s->names, 0 };
  int top = lua_gettop(L);
  reserve_stack(L, LUA_MINSTACK);
  if (check != SCRIPT_ANY) prepare_rules(&e, index);
  if (!encode_value(&e, index, &script_root, path, 0)) return false;
  lua_settop(L, top);
  return check_size(&e, path);
}

bool task_encode_list(lua_State *L, struct scratch *s, int index, const struct path *path) {
  struct encoder e = { L, { .check = SCRIPT_ANY }, &s->text, &s->keys, &s->names, 0 };
  reserve_stack(L, LUA_MINSTACK);
  return encode_list(&e, index, &any_field, path, 1) && check_size(&e, path);
}
