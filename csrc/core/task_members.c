#include "core/task_encoder.h"

#include <stdlib.h>

/* At most this many slots of the stack hold members of one object, and of all objects. PUC Lua 5.1 and LuaJIT have 8000
   slots. */
#define MAX_OF_OBJECT 128
#define MAX_OF_ALL 1024

/* From this number of members on, qsort is faster. */
#define MIN_QSORT 24

/* Returns the index of the field in the shape, or MAX_SHAPE_FIELDS if there is no such field. */
static size_t field_index(const struct shape *shape, struct slice name) {
  for (size_t i = 0; shape && i < shape->count; i++) {
    struct slice field = shape->fields[i].name;
    if (field.len == name.len && !memcmp(field.data, name.data, name.len)) return i;
  }
  return MAX_SHAPE_FIELDS;
}

/* Adds the member whose value is on top of the stack. `value` is its stack index if it stays there, else 0. */
static void add_member(struct encoder *e, struct slice name, int value, int type) {
  struct member *member = (struct member *)(void *)buffer_reserve(e->keys, sizeof *member);
  if (!member) return;
  *member = (struct member){ .name = name, .value = value, .type = type, .offset = e->names->len };
  e->keys->len += sizeof *member;
  if (value) return;
  buffer_append_slice(e->names, name);
  buffer_append_byte(e->names, '\0'); /* so that an empty name has an address too */
}

static int compare_members(const void *a, const void *b) {
  const struct member *left = a, *right = b;
  return slice_compare(left->name, right->name);
}

/* Returns whether `a` comes before `b`. Most names differ in their first byte. */
static bool precedes(struct slice a, struct slice b) {
  unsigned char first = (unsigned char)(a.len ? *a.data : 0), other = (unsigned char)(b.len ? *b.data : 0);
  return first == other ? slice_compare(a, b) < 0 : first < other;
}

static void sort_few(struct member *members, size_t count) {
  for (size_t i = 1; i < count; i++) {
    struct member member = members[i];
    size_t at = i;
    for (; at && precedes(member.name, members[at - 1].name); at--) members[at] = members[at - 1];
    if (at < i) members[at] = member;
  }
}

static void sort_members(struct encoder *e, size_t first, size_t count) {
  if (count < 2) return;
  struct member *members = &BUFFER_ITEMS(struct member, e->keys)[first];
  for (size_t i = 0; i < count; i++) {
    if (!members[i].value) members[i].name.data = e->names->data + members[i].offset;
  }
  if (count < MIN_QSORT) sort_few(members, count);
  else qsort(members, count, sizeof *members, compare_members);
}

/* Names the mistake of a table that has the value at `key` as a key, which is not a string. */
static bool fail_key(lua_State *L, int index, int key, bool is_first, const struct path *path) {
  size_t length;
  bool is_list = is_first && lua_type(L, key) == LUA_TNUMBER;
  const char *type = luaL_typename(L, key);
  if (is_list && !value_check_list(L, index, path, &length)) return false;
  return value_fail(L, path, "has a %s as a key beside its names: a table is either a list or an object", type);
}

/* Returns whether no buffer of the encoder has failed. On failure pushes an error. */
static bool check_buffers(const struct encoder *e, const struct path *path) {
  enum buffer_state state = e->out->state ? e->out->state : e->keys->state ? e->keys->state : e->names->state;
  return state == BUFFER_OK || value_check_written(e->L, state, path);
}

/* Lua allocates no object while the members are collected, so that no finalizer can change the table. */
bool members_collect(struct encoder *e, int index, const struct shape *shape, const struct path *path,
                     struct members *m) {
  lua_State *L = e->L;
  int bottom = lua_gettop(L), top = bottom;
  memset(m->known, 0, sizeof m->known);
  m->may_nest = false;
  m->first = BUFFER_COUNT(struct member, e->keys);
  for (lua_pushnil(L); lua_next(L, index);) {
    int key = top + 1, value = top + 2;
    struct slice name;
    if (lua_type(L, key) != LUA_TSTRING) return fail_key(L, index, key, !shape && top == bottom, path);
    name.data = lua_tolstring(L, key, &name.len);
    size_t position = field_index(shape, name);
    int type = lua_type(L, value);
    if (type == LUA_TTABLE || type == LUA_TLIGHTUSERDATA) m->may_nest = true;
    if (position < MAX_SHAPE_FIELDS) {
      m->known[position] = value;
      m->types[position] = type;
    } else if (top - bottom < MAX_OF_OBJECT && top < MAX_OF_ALL) {
      add_member(e, name, value, type);
    } else {
      add_member(e, name, 0, type);
      m->may_nest = true;
      lua_settop(L, key);
      continue;
    }
    top = value;
    reserve_slots(e, top);
    lua_pushvalue(L, key);
  }
  if (!check_buffers(e, path)) return false;
  m->top = top;
  m->end = BUFFER_COUNT(struct member, e->keys);
  sort_members(e, m->first, m->end - m->first);
  return true;
}
