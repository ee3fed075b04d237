#include "core/task_encoder.h"

#define MAX_FAULTS 100

bool keep_fault(struct encoder *e, int top) {
  size_t count = e->faults ? raw_length(e->L, e->faults) : 0;
  if (!e->faults || count >= MAX_FAULTS) return false;
  lua_rawseti(e->L, e->faults, clamp_to_int(count + 1));
  lua_settop(e->L, top);
  return true;
}

bool check_kind(struct encoder *e, int index, int type, const struct field *field, const struct path *path) {
  static const char *const names[] = {
    [STRING] = "text", [NUMBER] = "a number", [OBJECT] = "a table", [LIST] = "a list"
  };
  bool fits =
    is_of_kind(type, field) || (!field->required && type == LUA_TNIL) ||
    (field->kind == NUMBER && (type == LUA_TNUMBER || type == LUA_TSTRING || value_is_long_integer(e->L, index)));
  return fits || value_fail(e->L, path, "expected %s, got %s", names[field->kind], value_type_name(e->L, index));
}

static bool is_empty(lua_State *L, int index) {
  lua_pushnil(L);
  if (!lua_next(L, index)) return true;
  lua_pop(L, 2);
  return false;
}

bool check_mark(const struct encoder *e, int index, const struct field *field, enum value_mark mark,
                const struct path *path) {
  if (!is_strict(e, field)) return true;
  if (field->kind == OBJECT && mark == MARKED_LIST) return value_fail(e->L, path, "expected an object, got a list");
  bool is_object = field->kind == LIST && mark == MARKED_EMPTY_OBJECT && is_empty(e->L, index);
  return !is_object || value_fail(e->L, path, "expected a list, got an object");
}

/* Returns whether a field of the shape has a value that is not null. */
static bool has_value(const struct encoder *e, const struct members *m, size_t field) {
  return m->known[field] && (m->types[field] != LUA_TLIGHTUSERDATA || !value_is_null(e->L, m->known[field]));
}

/* Checks that all fields that the shape requires have values. Sets *complete to false if one is missing. */
static bool check_required(struct encoder *e, const struct shape *shape, const struct members *m,
                           const struct path *path, bool *complete) {
  for (size_t i = 0; i < shape->count; i++) {
    if (!(shape->fields[i].required & CHECK_BIT(e->rules.check)) || has_value(e, m, i)) continue;
    struct path field = { .up = path, .name = shape->fields[i].name };
    *complete = false;
    if (!value_fail(e->L, &field, "is missing") && !keep_fault(e, m->top)) return false;
  }
  return true;
}

/* Returns whether the script is a documented one. Asks the steps once, because there can be many. */
static bool is_documented(struct encoder *e) {
  if (!e->documented) e->documented = script_is_documented(e->L, &e->rules) ? DOCUMENTED : NOT_DOCUMENTED;
  return e->documented == DOCUMENTED;
}

/* Checks that an object of a documented script has no key that its shape lacks. */
static bool check_known(struct encoder *e, const struct shape *shape, const struct members *m,
                        const struct path *path) {
  lua_State *L = e->L;
  if (!shape->is_closed || !is_documented(e)) return true;
  for (size_t k = m->first; k < m->end; k++) {
    struct path key = { .up = path, .name = BUFFER_ITEMS(struct member, e->keys)[k].name };
    value_fail(L, &key, "is not a documented key of this object");
    for (size_t i = 0; i < shape->count; i++) value_add_known(L, shape->fields[i].name);
    lua_pushliteral(L, "The option unchecked = true sends the script as it is.");
    lua_setfield(L, -2, "advice");
    if (!keep_fault(e, m->top)) return false;
  }
  return true;
}

bool check_shape(struct encoder *e, const struct shape *shape, const struct members *m, const struct path *path) {
  bool complete = true;
  if (m->first < m->end && !check_known(e, shape, m, path)) return false;
  if (!check_required(e, shape, m, path, &complete)) return false;
  if (!shape->check || !complete) return true;
  return shape->check(e->L, &e->rules, m->known, path) || keep_fault(e, m->top);
}
