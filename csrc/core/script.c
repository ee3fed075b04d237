#include "core/script.h"

#include <string.h>

#define CREATING CHECK_BIT(SCRIPT_CREATING)
#define BOTH (CHECK_BIT(SCRIPT_CREATING) | CHECK_BIT(SCRIPT_UPDATING))

static bool check_script(lua_State *L, const struct script_rules *rules, int index, const struct path *path);
static bool check_step(lua_State *L, const struct script_rules *rules, int index, const struct path *path);
static bool check_connection(lua_State *L, const struct script_rules *rules, int index, const struct path *path);

enum { OPEN, CLOSED };

#define SHAPE(name, is_closed, check_function)                                                               \
  _Static_assert(sizeof name##_fields / sizeof *name##_fields <= MAX_SHAPE_FIELDS, "too many fields");       \
  static const struct shape name = { is_closed, name##_fields, sizeof name##_fields / sizeof *name##_fields, \
                                     check_function }

/* The fields are written in this order. Other keys follow, sorted. */
/* clang-format off */
static const struct field table_info_fields[] = {
  { SLICE_INIT("enable"), ANY, 0, ANY, NULL },
  { SLICE_INIT("table"), STRING, BOTH, ANY, NULL },
  { SLICE_INIT("tableName"), STRING, 0, ANY, NULL },
};
SHAPE(table_info, OPEN, NULL);

static const struct field schema_fields[] = {
  { SLICE_INIT("schemaName"), STRING, 0, ANY, NULL },
  { SLICE_INIT("tableInfos"), LIST, BOTH, OBJECT, &table_info },
};
SHAPE(schema, OPEN, NULL);

static const struct field selected_fields[] = {
  { SLICE_INIT("dbName"), STRING, BOTH, ANY, NULL },
  { SLICE_INIT("schema"), LIST, BOTH, OBJECT, &schema },
};
SHAPE(selected, OPEN, NULL);

static const struct field connection_fields[] = {
  { SLICE_INIT("datasourceType"), STRING, 0, ANY, NULL },
  { SLICE_INIT("datasource"), STRING, CREATING, ANY, NULL },
  { SLICE_INIT("selectedTables"), LIST, 0, OBJECT, &selected },
  { SLICE_INIT("table"), LIST, 0, STRING, NULL },
  { SLICE_INIT("querySql"), LIST, 0, STRING, NULL },
};
SHAPE(connection, CLOSED, check_connection);

static const struct field parameter_fields[] = {
  { SLICE_INIT("datasource"), STRING, 0, ANY, NULL },
  { SLICE_INIT("connection"), LIST, 0, OBJECT, &connection },
  { SLICE_INIT("column"), EMPTY_LIST, 0, ANY, NULL },
  { SLICE_INIT("updateColumn"), EMPTY_LIST, 0, ANY, NULL },
  { SLICE_INIT("skipNullColumn"), EMPTY_LIST, 0, ANY, NULL },
  { SLICE_INIT("preSql"), EMPTY_LIST, 0, ANY, NULL },
  { SLICE_INIT("postSql"), EMPTY_LIST, 0, ANY, NULL },
};
SHAPE(parameter, OPEN, NULL);

static const struct field step_fields[] = {
  { SLICE_INIT("stepType"), STRING, CREATING, ANY, NULL },
  { SLICE_INIT("parameter"), OBJECT, BOTH, ANY, &parameter },
  { SLICE_INIT("name"), STRING, 0, ANY, NULL },
  { SLICE_INIT("category"), STRING, BOTH, ANY, NULL },
};
SHAPE(step, CLOSED, check_step);

static const struct field setting_fields[] = {
  { SLICE_INIT("resourceGroup"), STRING, CREATING, ANY, NULL },
  { SLICE_INIT("scheduleResgroupId"), NUMBER, 0, ANY, NULL },
  { SLICE_INIT("name"), STRING, 0, ANY, NULL },
  { SLICE_INIT("taskType"), STRING, CREATING, ANY, NULL },
};
SHAPE(setting, CLOSED, NULL);

static const struct field hop_fields[] = {
  { SLICE_INIT("from"), STRING, 0, ANY, NULL },
  { SLICE_INIT("to"), STRING, 0, ANY, NULL },
};
SHAPE(hop, OPEN, NULL);

static const struct field order_fields[] = {
  { SLICE_INIT("hops"), LIST, 0, OBJECT, &hop },
};
SHAPE(order, OPEN, NULL);

static const struct field script_fields[] = {
  { SLICE_INIT("extend"), ANY, 0, ANY, NULL },
  { SLICE_INIT("type"), STRING, CREATING, ANY, NULL },
  { SLICE_INIT("version"), STRING, 0, ANY, NULL },
  { SLICE_INIT("setting"), OBJECT, CREATING, ANY, &setting },
  { SLICE_INIT("steps"), LIST, BOTH, OBJECT, &step },
  { SLICE_INIT("order"), OBJECT, 0, ANY, &order },
};
SHAPE(script, CLOSED, check_script);

/* clang-format on */

const struct field script_root = { SLICE_INIT(""), OBJECT, BOTH, ANY, &script };

static struct path child_path(const struct path *up, const char *name) {
  return (struct path){ .up = up, .name = { name, strlen(name) } };
}

struct step_count {
  int readers;
  int writers;
  size_t last_writer;
};

/* Counts the step on top of the stack as a reader or a writer. */
static bool count_step(lua_State *L, size_t index, const struct path *path, struct step_count *found) {
  value_field(L, lua_gettop(L), "category");
  struct slice category = value_text(L, -1);
  lua_pop(L, 1);
  if (slice_equal(category, SLICE("reader"))) {
    found->readers++;
  } else if (slice_equal(category, SLICE("writer"))) {
    found->writers++;
    found->last_writer = index;
  } else {
    struct path item = { .up = path, .index = index };
    struct path field = child_path(&item, "category");
    return value_fail(L, &field, "expected \"reader\" or \"writer\"");
  }
  return true;
}

/* Counts the steps, and checks that there is one reader and one writer. An update may have no writer. */
static bool count_steps(lua_State *L, enum script_check check, int steps, const struct path *path,
                        struct step_count *found) {
  size_t count = raw_length(L, steps);
  for (size_t i = 1; i <= count; i++) {
    lua_rawgeti(L, steps, clamp_to_int(i));
    if (lua_istable(L, -1) && !count_step(L, i, path, found)) return false;
    lua_pop(L, 1);
  }
  bool one_writer = found->writers == 1 || (check == SCRIPT_UPDATING && !found->writers);
  if (found->readers == 1 && one_writer) return true;
  return value_fail(L, path, "expected exactly one reader step%s, got %d reader(s) and %d writer(s)",
                    check == SCRIPT_CREATING ? " and one writer step" : "", found->readers, found->writers);
}

/* Returns the taskType that belongs to a writer's stepType, and leaves it on the stack. For a writer without a row,
   assumes the pattern that all rows follow today. */
static struct slice expected_task_type(lua_State *L, int writers, struct slice step_type) {
  if (writers_find(L, writers, step_type)) value_field(L, lua_gettop(L), "task_type");
  else lua_pushfstring(L, "oneclick_to_%s", step_type.data);
  return value_text(L, -1);
}

/* Checks that the script's taskType fits the stepType of its writer. */
static bool check_task_type(lua_State *L, const struct script_rules *rules, int script_index, int writer_index,
                            const struct path *path) {
  int top = lua_gettop(L);
  value_field(L, writer_index, "stepType");
  value_field(L, script_index, "setting");
  if (lua_istable(L, -1)) {
    value_field(L, top + 2, "taskType");
    struct slice step_type = value_text(L, top + 1), task_type = value_text(L, -1);
    bool both = step_type.data && task_type.data;
    struct slice expected = both ? expected_task_type(L, rules->writers, step_type) : task_type;
    if (!slice_equal(task_type, expected)) {
      struct path up = child_path(path, "setting");
      struct path field = child_path(&up, "taskType");
      return value_fail(L, &field, "\"%s\" doesn't fit the writer's stepType \"%s\"; expected \"%s\"", task_type.data,
                        step_type.data, expected.data);
    }
  }
  lua_settop(L, top);
  return true;
}

/* Returns whether a step is one of a documented script. */
static bool is_documented_step(lua_State *L, const struct script_rules *rules, int step_index) {
  int top = lua_gettop(L);
  value_field(L, step_index, "stepType");
  value_field(L, step_index, "category");
  struct slice type = value_text(L, top + 1);
  bool is_reader = slice_equal(value_text(L, -1), SLICE("reader"));
  bool is_documented =
    !type.data || (is_reader ? slice_equal(type, SLICE("mysql")) : writers_find(L, rules->writers, type));
  lua_settop(L, top);
  return is_documented;
}

bool script_is_documented(lua_State *L, const struct script_rules *rules, int index) {
  int top = lua_gettop(L);
  bool is_documented = true;
  value_field(L, index, "steps");
  size_t count = lua_istable(L, -1) ? raw_length(L, -1) : 0;
  for (size_t i = 1; i <= count && is_documented; i++) {
    lua_rawgeti(L, top + 1, clamp_to_int(i));
    if (lua_istable(L, -1)) is_documented = is_documented_step(L, rules, lua_gettop(L));
    lua_settop(L, top + 1);
  }
  lua_settop(L, top);
  return is_documented;
}

/* Checks the script's type, its numbers of readers and writers, and its taskType. */
static bool check_script(lua_State *L, const struct script_rules *rules, int index, const struct path *path) {
  bool creating = rules->check == SCRIPT_CREATING;
  struct step_count found = { 0, 0, 0 };
  value_field(L, index, "type");
  if (creating && !slice_equal(value_text(L, -1), SLICE("realtime"))) {
    struct path field = child_path(path, "type");
    return value_fail(L, &field, "expected \"realtime\"");
  }
  value_field(L, index, "steps");
  int steps = lua_gettop(L);
  if (lua_istable(L, steps) && raw_length(L, steps)) {
    struct path field = child_path(path, "steps");
    if (!count_steps(L, rules->check, steps, &field, &found)) return false;
    if (creating) {
      lua_rawgeti(L, steps, clamp_to_int(found.last_writer));
      if (!check_task_type(L, rules, index, steps + 1, path)) return false;
    }
  }
  lua_settop(L, steps - 2);
  return true;
}

/* Pops a name from the stack, and checks that the table `parameter` has a field of this name. */
static bool check_required(lua_State *L, int table, const struct path *path) {
  lua_pushvalue(L, -1);
  lua_rawget(L, table);
  if (!value_is_null(L, -1)) {
    lua_pop(L, 2);
    return true;
  }
  struct path up = child_path(path, "parameter");
  struct path field = { .up = &up, .name = value_text(L, -2) };
  return value_fail(L, &field, "is missing");
}

/* Checks the required fields of the table `parameter` in the step at `index`. A reader needs a connection. A writer
   needs the fields that its row names, or a data source if it has no row. */
static bool check_parameter(lua_State *L, const struct script_rules *rules, int table, int index,
                            const struct path *path) {
  value_field(L, index, "category");
  if (slice_equal(value_text(L, -1), SLICE("reader"))) {
    lua_pushliteral(L, "connection");
    return check_required(L, table, path);
  }
  if (rules->check == SCRIPT_UPDATING) return true;
  value_field(L, index, "stepType");
  if (!writers_find(L, rules->writers, value_text(L, -1))) {
    lua_pushliteral(L, "datasource");
    return check_required(L, table, path);
  }
  value_field(L, lua_gettop(L), "required");
  int names = lua_gettop(L);
  for (size_t i = 1; i <= raw_length(L, names); i++) {
    lua_rawgeti(L, names, clamp_to_int(i));
    if (!check_required(L, table, path)) return false;
  }
  return true;
}

static bool check_step(lua_State *L, const struct script_rules *rules, int index, const struct path *path) {
  int top = lua_gettop(L);
  value_field(L, index, "parameter");
  if (lua_istable(L, top + 1) && !check_parameter(L, rules, top + 1, index, path)) return false;
  lua_settop(L, top);
  return true;
}

/* Checks that a connection has either selectedTables or table. */
static bool check_connection(lua_State *L, const struct script_rules *rules, int index, const struct path *path) {
  (void)rules;
  value_field(L, index, "selectedTables");
  value_field(L, index, "table");
  bool several = !value_is_null(L, -2), single = !value_is_null(L, -1);
  lua_pop(L, 2);
  if (several != single) return true;
  return value_fail(L, path, "expected either selectedTables (several databases) or table (one database), got %s",
                    several ? "both" : "neither");
}
