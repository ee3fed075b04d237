#include "core/task_encoder.h"

#include <stdlib.h>

/* At most this many slots of the stack hold members of one object, and of all objects. PUC Lua 5.1 and LuaJIT have 8000
   slots. */
#define MAX_OF_OBJECT 128
#define MAX_OF_ALL 1024

/* From this number of members on, qsort is faster. */
#define MIN_QSORT 24

/* This many slots of the stack are free after each member. They are reserved in larger portions. */
#define FREE_SLOTS 16
#define RESERVED_AT_ONCE 32

/* Returns the index of the field in the shape, or MAX_SHAPE_FIELDS if there is no such field. */
static size_t field_index(const struct shape *shape, struct slice name) {
  for (size_t i = 0; shape && i < shape->count; i++) {
    struct slice field = shape->fields[i].name;
    if (field.len == name.len && !memcmp(field.data, name.data, name.len)) return i;
  }
  return MAX_SHAPE_FIELDS;
}

static void add_member(struct encoder *e, struct slice name, int value) {
  struct member member = { .name = name, .value = value, .offset = e->names->len };
  if (!value) {
    buffer_append_slice(e->names, name);
    buffer_append_byte(e->names, '\0'); /* so that an empty name has an address too */
  }
  buffer_append(e->keys, (const char *)&member, sizeof member);
}

static int compare_members(const void *a, const void *b) {
  const struct member *left = a, *right = b;
  return slice_compare(left->name, right->name);
}

static void sort_few(struct member *members, size_t count) {
  for (size_t i = 1; i < count; i++) {
    struct member member = members[i];
    size_t at = i;
    for (; at && slice_compare(member.name, members[at - 1].name) < 0; at--) members[at] = members[at - 1];
    members[at] = member;
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

/* Makes room on the stack, which has the height `top` and room up to `reserved`. Returns up to where it has room then. */
static int reserve_slots(lua_State *L, int top, int reserved) {
  if (reserved - top >= FREE_SLOTS) return reserved;
  reserve_stack(L, RESERVED_AT_ONCE);
  return top + RESERVED_AT_ONCE;
}

/* Lua allocates no object while the members are collected, so that no finalizer can change the table. */
bool members_collect(struct encoder *e, int index, const struct shape *shape, const struct path *path,
                     struct members *m) {
  lua_State *L = e->L;
  int bottom = m->bottom, top = bottom, reserved = bottom + MIN_FREE_SLOTS;
  m->first = BUFFER_COUNT(struct member, e->keys);
  for (lua_pushnil(L); lua_next(L, index);) {
    int key = top + 1, value = top + 2;
    struct slice name;
    if (lua_type(L, key) != LUA_TSTRING) return fail_key(L, index, key, !shape && top == bottom, path);
    name.data = lua_tolstring(L, key, &name.len);
    size_t position = field_index(shape, name);
    if (position < MAX_SHAPE_FIELDS) {
      m->known[position] = value;
      if (lua_type(L, value) != LUA_TLIGHTUSERDATA || !value_is_null(L, value)) m->seen |= 1u << position;
    } else if (top - bottom < MAX_OF_OBJECT && top < MAX_OF_ALL) {
      add_member(e, name, value);
    } else {
      add_member(e, name, 0);
      lua_settop(L, key);
      continue;
    }
    top = value;
    reserved = reserve_slots(L, top, reserved);
    lua_pushvalue(L, key);
  }
  if (!value_check_written(L, e->names->state, path) || !value_check_written(L, e->keys->state, path)) return false;
  m->top = top;
  m->end = BUFFER_COUNT(struct member, e->keys);
  sort_members(e, m->first, m->end - m->first);
  return true;
}
