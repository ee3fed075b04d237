#include "core/script.h"

#include <string.h>

#define CREATING IN(SCRIPT_CREATING)
#define BOTH (IN(SCRIPT_CREATING) | IN(SCRIPT_UPDATING))

static bool check_script(lua_State *L, enum script_check check, int index, const struct path *path);
static bool check_step(lua_State *L, enum script_check check, int index, const struct path *path);
static bool check_connection(lua_State *L, enum script_check check, int index, const struct path *path);

#define SHAPE(name, check_function)                                                                     \
  _Static_assert(sizeof name##_fields / sizeof *name##_fields <= SHAPE_FIELD_LIMIT, "too many fields"); \
  static const struct shape name = { name##_fields, sizeof name##_fields / sizeof *name##_fields, check_function }

/* The order of the fields is the order on the wire; keys not named here follow, sorted. */
/* clang-format off */
static const struct field table_info_fields[] = {
  { SLICE_INIT("enable"), ANY, 0, ANY, NULL },
  { SLICE_INIT("table"), STRING, BOTH, ANY, NULL },
  { SLICE_INIT("tableName"), STRING, 0, ANY, NULL },
};
SHAPE(table_info, NULL);

static const struct field schema_fields[] = {
  { SLICE_INIT("schemaName"), STRING, 0, ANY, NULL },
  { SLICE_INIT("tableInfos"), LIST, BOTH, OBJECT, &table_info },
};
SHAPE(schema, NULL);

static const struct field selected_fields[] = {
  { SLICE_INIT("dbName"), STRING, BOTH, ANY, NULL },
  { SLICE_INIT("schema"), LIST, BOTH, OBJECT, &schema },
};
SHAPE(selected, NULL);

static const struct field connection_fields[] = {
  { SLICE_INIT("datasourceType"), STRING, 0, ANY, NULL },
  { SLICE_INIT("datasource"), STRING, CREATING, ANY, NULL },
  { SLICE_INIT("selectedTables"), LIST, 0, OBJECT, &selected },
  { SLICE_INIT("table"), LIST, 0, STRING, NULL },
  { SLICE_INIT("querySql"), LIST, 0, STRING, NULL },
};
SHAPE(connection, check_connection);

static const struct field parameter_fields[] = {
  { SLICE_INIT("datasource"), STRING, 0, ANY, NULL },
  { SLICE_INIT("connection"), LIST, 0, OBJECT, &connection },
  { SLICE_INIT("column"), LIST, 0, ANY, NULL },
  { SLICE_INIT("updateColumn"), LIST, 0, ANY, NULL },
  { SLICE_INIT("skipNullColumn"), LIST, 0, ANY, NULL },
  { SLICE_INIT("preSql"), LIST, 0, ANY, NULL },
  { SLICE_INIT("postSql"), LIST, 0, ANY, NULL },
};
SHAPE(parameter, NULL);

static const struct field step_fields[] = {
  { SLICE_INIT("stepType"), STRING, CREATING, ANY, NULL },
  { SLICE_INIT("parameter"), OBJECT, BOTH, ANY, &parameter },
  { SLICE_INIT("name"), STRING, 0, ANY, NULL },
  { SLICE_INIT("category"), STRING, BOTH, ANY, NULL },
};
SHAPE(step, check_step);

static const struct field setting_fields[] = {
  { SLICE_INIT("resourceGroup"), STRING, CREATING, ANY, NULL },
  { SLICE_INIT("scheduleResgroupId"), NUMBER, 0, ANY, NULL },
  { SLICE_INIT("name"), STRING, 0, ANY, NULL },
  { SLICE_INIT("taskType"), STRING, CREATING, ANY, NULL },
};
SHAPE(setting, NULL);

static const struct field hop_fields[] = {
  { SLICE_INIT("from"), STRING, 0, ANY, NULL },
  { SLICE_INIT("to"), STRING, 0, ANY, NULL },
};
SHAPE(hop, NULL);

static const struct field order_fields[] = {
  { SLICE_INIT("hops"), LIST, 0, OBJECT, &hop },
};
SHAPE(order, NULL);

static const struct field script_fields[] = {
  { SLICE_INIT("extend"), ANY, 0, ANY, NULL },
  { SLICE_INIT("type"), STRING, CREATING, ANY, NULL },
  { SLICE_INIT("version"), STRING, 0, ANY, NULL },
  { SLICE_INIT("setting"), OBJECT, CREATING, ANY, &setting },
  { SLICE_INIT("steps"), LIST, BOTH, OBJECT, &step },
  { SLICE_INIT("order"), OBJECT, 0, ANY, &order },
};
SHAPE(script, check_script);

/* clang-format on */

const struct field script_root = { SLICE_INIT(""), OBJECT, BOTH, ANY, &script };

static struct path child(const struct path *up, const char *name) {
  return (struct path){ .up = up, .name = { name, strlen(name) } };
}

struct step_count {
  int readers;
  int writers;
  size_t writer;
};

static bool count_steps(lua_State *L, enum script_check check, int steps, const struct path *path,
                        struct step_count *found) {
  size_t count = lua_rawlen(L, steps);
  for (size_t i = 1; i <= count; i++) {
    lua_rawgeti(L, steps, (int)i);
    if (lua_istable(L, -1)) {
      value_field(L, lua_gettop(L), "category");
      struct slice category = value_text(L, -1);
      if (slice_equal(category, SLICE("reader"))) {
        found->readers++;
      } else if (slice_equal(category, SLICE("writer"))) {
        found->writers++;
        found->writer = i;
      } else {
        struct path item = { .up = path, .index = i };
        struct path field = child(&item, "category");
        return value_fail(L, &field, "expected \"reader\" or \"writer\"");
      }
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  }
  bool one_writer = found->writers == 1 || (check == SCRIPT_UPDATING && !found->writers);
  if (found->readers == 1 && one_writer) return true;
  return value_fail(L, path, "expected exactly one reader step%s, got %d reader(s) and %d writer(s)",
                    check == SCRIPT_CREATING ? " and one writer step" : "", found->readers, found->writers);
}

/* A writer of type odps belongs to oneclick_to_odps, and so on. */
static bool check_task_type(lua_State *L, int script_index, int steps, size_t writer, const struct path *path) {
  static const char prefix[] = "oneclick_to_";
  value_field(L, script_index, "setting");
  if (!lua_istable(L, -1)) {
    lua_pop(L, 1);
    return true;
  }
  value_field(L, lua_gettop(L), "taskType");
  lua_rawgeti(L, steps, (int)writer);
  value_field(L, lua_gettop(L), "stepType");
  struct slice task_type = value_text(L, -3), step_type = value_text(L, -1);
  bool known = task_type.data && step_type.data;
  bool fits = known && task_type.len == step_type.len + sizeof prefix - 1 &&
              !memcmp(task_type.data, prefix, sizeof prefix - 1) &&
              !memcmp(task_type.data + sizeof prefix - 1, step_type.data, step_type.len);
  if (known && !fits) {
    struct path up = child(path, "setting");
    struct path field = child(&up, "taskType");
    return value_fail(L, &field, "\"%s\" doesn't fit the writer's stepType \"%s\"; expected \"oneclick_to_%s\"",
                      task_type.data, step_type.data, step_type.data);
  }
  lua_pop(L, 4);
  return true;
}

static bool check_script(lua_State *L, enum script_check check, int index, const struct path *path) {
  struct step_count found = { 0, 0, 0 };
  value_field(L, index, "type");
  if (check == SCRIPT_CREATING && !slice_equal(value_text(L, -1), SLICE("realtime"))) {
    struct path field = child(path, "type");
    return value_fail(L, &field, "expected \"realtime\"");
  }
  value_field(L, index, "steps");
  int steps = lua_gettop(L);
  if (lua_istable(L, steps) && lua_rawlen(L, steps)) {
    struct path field = child(path, "steps");
    if (!count_steps(L, check, steps, &field, &found)) return false;
    if (check == SCRIPT_CREATING && !check_task_type(L, index, steps, found.writer, path)) return false;
  }
  lua_settop(L, steps - 2);
  return true;
}

static bool check_step(lua_State *L, enum script_check check, int index, const struct path *path) {
  value_field(L, index, "category");
  value_field(L, index, "parameter");
  int at = lua_gettop(L);
  if (lua_istable(L, at)) {
    bool reader = slice_equal(value_text(L, at - 1), SLICE("reader"));
    const char *name = reader ? "connection" : "datasource";
    value_field(L, at, name);
    if (value_is_null(L, -1) && (reader || check == SCRIPT_CREATING)) {
      struct path up = child(path, "parameter");
      struct path field = child(&up, name);
      return value_fail(L, &field, "is missing");
    }
  }
  lua_settop(L, at - 2);
  return true;
}

static bool check_connection(lua_State *L, enum script_check check, int index, const struct path *path) {
  (void)check;
  value_field(L, index, "selectedTables");
  value_field(L, index, "table");
  bool several = !value_is_null(L, -2), single = !value_is_null(L, -1);
  lua_pop(L, 2);
  if (several != single) return true;
  return value_fail(L, path, "expected either selectedTables (several databases) or table (one database), got %s",
                    several ? "both" : "neither");
}
