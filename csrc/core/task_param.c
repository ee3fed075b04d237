#include "core/task_encoder.h"

static const struct field any_field = FIELD("", ANY, 0, ANY, NULL);

/* Appends a value of the type `type`. Only a table leaves values on the stack. */
static bool encode_typed(struct encoder *e, int index, int type, const struct field *field, const struct path *path);

/* Returns whether a rule requires the field, whose text must then not be empty. */
static bool must_have_text(const struct encoder *e, const struct field *field) {
  return e->rules.check != SCRIPT_ANY && field->kind == STRING && field->required & CHECK_BIT(e->rules.check);
}

static bool encode_string(struct encoder *e, int index, const struct field *field, const struct path *path) {
  struct slice text;
  text.data = lua_tolstring(e->L, index, &text.len);
  if (!text.len && must_have_text(e, field)) return value_fail(e->L, path, "is empty");
  if (text.len > BUFFER_LIMIT) return value_check_size(e->L, text, path);
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

/* Tables */

/* Encodes the members that the shape names, in its order. */
static bool encode_known(struct encoder *e, const struct shape *shape, const struct members *m,
                         const struct path *path) {
  size_t start = e->out->len;
  for (size_t i = 0; shape && i < shape->count; i++) {
    const struct field *field = &shape->fields[i];
    if (!m->known[i]) continue;
    struct path at_name = { .up = path, .depth = path->depth + 1, .name = field->name };
    if (e->out->len > start) buffer_append_byte(e->out, ',');
    buffer_append_slice(e->out, field->key);
    if (!encode_typed(e, m->known[i], m->types[i], field, &at_name) && !keep_fault(e, m->top)) return false;
    if (m->types[i] == LUA_TTABLE) lua_settop(e->L, m->top);
  }
  return true;
}

/* Encodes one of the other members, which is on the stack: a comma if needed, the name and the value. */
static bool encode_member(struct encoder *e, const struct member *member, const struct path *path) {
  struct slice name = member->name;
  struct path at_name = { .up = path, .depth = path->depth + 1, .name = name };
  if (e->out->data[e->out->len - 1] != '{') buffer_append_byte(e->out, ',');
  if (!json_write_string(e->out, name)) return value_fail(e->L, path, "a key is not UTF-8");
  buffer_append_byte(e->out, ':');
  return encode_typed(e, member->value, member->type, &any_field, &at_name);
}

/* Encodes a member that is not on the stack. The name stays on the stack while the value is encoded. The value can be
   missing, because a finalizer may have removed it after the names were collected. */
static bool encode_named(struct encoder *e, int index, const struct member *member, const struct path *path) {
  lua_State *L = e->L;
  lua_pushlstring(L, e->names->data + member->offset, member->name.len);
  lua_pushvalue(L, -1);
  lua_rawget(L, index);
  struct member pushed = { .name = value_text(L, -2), .value = lua_gettop(L), .type = lua_type(L, -1) };
  return pushed.type == LUA_TNIL || encode_member(e, &pushed, path);
}

/* Encodes the other members. */
static bool encode_others(struct encoder *e, int index, const struct members *m, const struct path *path) {
  for (size_t i = m->first; i < m->end; i++) {
    struct member member = BUFFER_ITEMS(struct member, e->keys)[i]; /* a copy, because e->keys can move */
    bool done = member.value ? encode_member(e, &member, path) : encode_named(e, index, &member, path);
    if (!done && !keep_fault(e, m->top)) return false;
    if (!member.value || member.type == LUA_TTABLE) lua_settop(e->L, m->top);
  }
  return true;
}

static bool check_nesting(struct encoder *e, int index, const struct path *path) {
  return value_check_nesting(e->L, e->around, lua_topointer(e->L, index), path);
}

/* An object that contains no table can't contain itself. This error is pushed above an error of its members. */
static bool encode_object(struct encoder *e, int index, const struct shape *shape, const struct path *path) {
  lua_State *L = e->L;
  size_t names = e->names->len;
  struct members m;
  bool collected = members_collect(e, index, shape, path, &m);
  bool may_nest = !collected || m.may_nest || path->depth >= MAX_JSON_DEPTH;
  if ((may_nest && !check_nesting(e, index, path)) || !collected) return false;
  if (shape && e->rules.check != SCRIPT_ANY && !check_shape(e, shape, &m, path)) return false;
  buffer_append_byte(e->out, '{');
  if (e->out->state) return value_check_written(L, e->out->state, path);
  if (!encode_known(e, shape, &m, path) || !encode_others(e, index, &m, path)) return false;
  buffer_append_byte(e->out, '}');
  e->keys->len = m.first * sizeof(struct member);
  e->names->len = names;
  return true;
}

/* Stores the length of a list. On failure pushes an error and returns false. A table that has as many keys as items is
   a list, unless an item is nil; only the other tables are checked key by key. */
static bool check_list(struct encoder *e, int index, const struct path *path, size_t *length) {
  lua_State *L = e->L;
  size_t count = 0;
  *length = raw_length(L, index);
  for (lua_pushnil(L); lua_next(L, index); count++) lua_pop(L, 1);
  return (count == *length && count) || value_check_list(L, index, path, length);
}

static bool encode_list(struct encoder *e, int index, const struct field *field, const struct path *path) {
  lua_State *L = e->L;
  size_t length;
  const struct field item = FIELD("", field->item, ~0u, ANY, field->shape);
  if (!check_list(e, index, path, &length)) return false;
  if (!length && field->kind == LIST && e->rules.check != SCRIPT_ANY) return value_fail(L, path, "is an empty list");
  buffer_append_byte(e->out, '[');
  int top = lua_gettop(L);
  for (size_t i = 1; i <= length; i++) {
    if (i > 1) buffer_append_byte(e->out, ',');
    lua_rawgeti(L, index, clamp_to_int(i));
    int type = lua_type(L, -1);
    if (type == LUA_TNIL && !value_check_list(L, index, path, &length)) return false;
    struct path at_item = { .up = path, .depth = path->depth + 1, .index = i };
    if (!encode_typed(e, top + 1, type, &item, &at_item) && !keep_fault(e, top)) return false;
    lua_settop(L, top);
  }
  buffer_append_byte(e->out, ']');
  return true;
}

/* Returns whether a table is a list. If the table itself decides, but is empty and has no mark, the kind of the field
   decides too. A table whose first key is a number, but not 1, counts as an object here; members_collect refuses it. */
static bool is_list(const struct encoder *e, int index, const struct field *field, enum value_mark mark) {
  if (is_strict(e, field)) return field->kind == LIST;
  if (mark == MARKED_LIST || raw_length(e->L, index)) return true;
  bool kind_is_list = field->kind == LIST || field->kind == EMPTY_LIST;
  if (mark != MARKED_EMPTY_LIST && (mark != UNMARKED || !kind_is_list)) return false;
  lua_pushnil(e->L);
  if (!lua_next(e->L, index)) return true;
  lua_pop(e->L, 2);
  return false;
}

/* `is_marked` says whether the table has a metatable, which can say what the table is. */
static bool encode_table(struct encoder *e, int index, const struct field *field, bool is_marked,
                         const struct path *path) {
  lua_State *L = e->L;
  reserve_slots(e, lua_gettop(L));
  enum value_mark mark = is_marked ? value_mark(L, index) : UNMARKED;
  if (mark != UNMARKED && !check_mark(e, index, field, mark, path)) return false;
  if (is_list(e, index, field, mark)) return check_nesting(e, index, path) && encode_list(e, index, field, path);
  return encode_object(e, index, field->kind == OBJECT ? field->shape : NULL, path);
}

/* Encodes the empty_array of OpenResty's lua-cjson as an empty table that is marked as a list. */
static bool encode_empty_array(struct encoder *e, const struct field *field, const struct path *path) {
  int top = lua_gettop(e->L);
  lua_newtable(e->L);
  luaL_setmetatable(e->L, TASK_LIST);
  if (!encode_typed(e, top + 1, LUA_TTABLE, field, path)) return false;
  lua_settop(e->L, top);
  return true;
}

static bool has_metatable(lua_State *L, int index) {
  if (!lua_getmetatable(L, index)) return false;
  lua_pop(L, 1);
  return true;
}

static bool encode_other(struct encoder *e, int index, int type, const struct field *field, const struct path *path) {
  lua_State *L = e->L;
  bool is_marked = type == LUA_TTABLE && has_metatable(L, index);
  if ((is_marked || type == LUA_TLIGHTUSERDATA) && value_is_null(L, index)) type = LUA_TNIL;
  if (type == LUA_TLIGHTUSERDATA && value_is_empty_array(L, index)) return encode_empty_array(e, field, path);
  if (e->rules.check != SCRIPT_ANY && !is_of_kind(type, field)) {
    if (!check_kind(e, index, type, field, path)) return false;
    if (field->kind == NUMBER && type != LUA_TNUMBER && type != LUA_TNIL) return encode_integer(e, index, path);
  }
  switch (type) {
    case LUA_TSTRING: return encode_string(e, index, field, path);
    case LUA_TNUMBER: return encode_number(e, index, path);
    case LUA_TTABLE: return encode_table(e, index, field, is_marked, path);
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

static bool encode_typed(struct encoder *e, int index, int type, const struct field *field, const struct path *path) {
  if (type == LUA_TSTRING && field->kind <= STRING) return encode_string(e, index, field, path);
  return encode_other(e, index, type, field, path);
}

/* Leaves e->around as it is, because its elements are set before they are read. */
static void prepare(struct encoder *e, lua_State *L, struct scratch *s, enum script_check check) {
  e->L = L;
  e->rules = (struct script_rules){ .check = check };
  e->out = &s->text;
  e->keys = &s->keys;
  e->names = &s->names;
  e->faults = 0;
  e->reserved = 0;
  e->documented = NOT_ASKED;
}

/* Encodes the whole value at `index`. */
static bool encode_root(struct encoder *e, int index, const struct path *path) {
  if (e->rules.check != SCRIPT_ANY) {
    e->rules.script = index;
    e->rules.writers = writers_push(e->L);
  }
  return encode_typed(e, index, lua_type(e->L, index), &script_root, path);
}

void task_find_faults(lua_State *L, struct scratch *s, int index, enum script_check check, const struct path *path) {
  lua_newtable(L);
  int top = lua_gettop(L);
  struct encoder e;
  prepare(&e, L, s, check);
  e.faults = top;
  if (!encode_root(&e, index, path)) keep_fault(&e, top);
  lua_settop(L, top);
}

bool task_encode(lua_State *L, struct scratch *s, int index, enum script_check check, const struct path *path) {
  struct encoder e;
  prepare(&e, L, s, check);
  int top = lua_gettop(L);
  if (!encode_root(&e, index, path)) return false;
  lua_settop(L, top);
  return value_check_written(L, s->text.state, path);
}

bool task_encode_list(lua_State *L, struct scratch *s, int index, const struct path *path) {
  struct encoder e;
  prepare(&e, L, s, SCRIPT_ANY);
  e.around[0] = lua_topointer(L, index);
  return encode_list(&e, index, &any_field, path) && value_check_written(L, s->text.state, path);
}
