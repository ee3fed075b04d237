#include "core/param.h"

#include <string.h>

/* Appends one value. A comma inside it would make two values of it. */
static bool write_item(lua_State *L, struct buffer *out, const struct path *path) {
  int index = lua_gettop(L);
  struct slice text = value_text(L, index);
  if (text.len && memchr(text.data, ',', text.len)) {
    return value_fail(L, path, "contains a comma, which separates the values of this list");
  }
  if (value_is_null(L, index)) return value_fail(L, path, "is null, which can't be sent in this list");
  return param_write_scalar(L, out, index, path);
}

static bool write_items(lua_State *L, struct buffer *out, int list, size_t count, const struct path *path) {
  for (size_t i = 1; i <= count; i++) {
    struct path item = { .up = path, .index = i };
    if (i > 1) buffer_append_byte(out, ',');
    lua_rawgeti(L, list, clamp_to_int(i));
    if (!write_item(L, out, &item)) return false;
    lua_pop(L, 1);
  }
  return true;
}

bool comma_list_convert(lua_State *L, struct scratch *s, int index, const struct param *param, const struct path *path,
                        struct slice *out) {
  size_t count;
  if (lua_type(L, index) == LUA_TSTRING) {
    *out = value_text(L, index);
    return value_check_utf8(L, *out, path);
  }
  if (!lua_istable(L, index)) {
    return value_fail(L, path, "expected a list or text, got %s", value_type_name(L, index));
  }
  reserve_stack(L, 8);
  if (!value_check_list(L, index, path, &count)) return false;
  if (param->required && !count) return value_fail(L, path, "is empty");
  return write_items(L, &s->text, index, count, path);
}
