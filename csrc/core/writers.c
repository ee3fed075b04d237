#include "core/writers.h"

/* Key in the registry of a list: the userdata, and the texts it points to. */
static const char list_key = 'w';

static struct slice keep_text(lua_State *L, int kept, const char *what) {
  if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "writer row: string expected as %s", what);
  return value_keep(L, kept);
}

/* Leaves the list row[name] on the stack and returns its length. */
static size_t push_required(lua_State *L, int rows, int index) {
  lua_rawgeti(L, rows, index);
  if (!lua_istable(L, -1)) luaL_error(L, "writer row: table expected as row %d", index);
  lua_getfield(L, -1, "required");
  if (!lua_istable(L, -1)) luaL_error(L, "writer row: table expected as required");
  return raw_length(L, -1);
}

static void compile_row(lua_State *L, int rows, int index, int kept, struct writer *w, struct slice *required) {
  w->required_count = push_required(L, rows, index);
  w->required = required;
  int list = lua_gettop(L);
  lua_getfield(L, list - 1, "step_type");
  w->step_type = keep_text(L, kept, "step_type");
  lua_getfield(L, list - 1, "task_type");
  w->task_type = keep_text(L, kept, "task_type");
  for (size_t i = 0; i < w->required_count; i++) {
    lua_rawgeti(L, list, int_of(i + 1));
    required[i] = keep_text(L, kept, "required");
  }
  lua_settop(L, list - 2);
}

void writers_set(lua_State *L, int rows) {
  size_t count = raw_length(L, rows), required_count = 0;
  lua_newtable(L);
  int kept = lua_gettop(L);
  for (size_t i = 0; i < count; i++) {
    required_count += push_required(L, rows, int_of(i + 1));
    lua_settop(L, kept);
  }
  struct writers *writers =
    lua_newuserdata(L, sizeof *writers + count * sizeof(struct writer) + required_count * sizeof(struct slice));
  lua_rawseti(L, kept, 1);
  struct writer *list = (struct writer *)(writers + 1);
  struct slice *required = (struct slice *)(list + count);
  *writers = (struct writers){ count, list };
  for (size_t i = 0; i < count; i++) {
    compile_row(L, rows, int_of(i + 1), kept, &list[i], required);
    required += list[i].required_count;
  }
  value_set_slot(L, &list_key);
}

const struct writers *writers_push(lua_State *L) {
  value_push_slot(L, &list_key);
  if (lua_isnil(L, -1)) luaL_error(L, "dataworks.core knows no TaskParam writers: require \"dataworks.api.core_data\"");
  lua_rawgeti(L, -1, 1);
  const struct writers *writers = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return writers;
}

const struct writer *writers_find(const struct writers *writers, struct slice step_type) {
  for (size_t i = 0; i < writers->count; i++) {
    if (slice_equal(writers->list[i].step_type, step_type)) return &writers->list[i];
  }
  return NULL;
}
