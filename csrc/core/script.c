#include "core/script.h"

#include <string.h>

#define CREATING CHECK_BIT(SCRIPT_CREATING)
#define BOTH (CHECK_BIT(SCRIPT_CREATING) | CHECK_BIT(SCRIPT_UPDATING))

static bool check_script(lua_State *L, const struct script_rules *rules, const int known[], const struct path *path);
static bool check_step(lua_State *L, const struct script_rules *rules, const int known[], const struct path *path);
static bool check_connection(lua_State *L, const struct script_rules *rules, const int known[],
                             const struct path *path);

enum { OPEN, CLOSED };

#define SHAPE(name, is_closed, check_function)                                                               \
  _Static_assert(sizeof name##_fields / sizeof *name##_fields <= MAX_SHAPE_FIELDS, "too many fields");       \
  static const struct shape name = { is_closed, name##_fields, sizeof name##_fields / sizeof *name##_fields, \
                                     check_function }

/* The fields are written in this order. Other keys follow, sorted. */
/* clang-format off */
static const struct field table_info_fields[] = {
  FIELD("enable", ANY, 0, ANY, NULL),
  FIELD("table", STRING, BOTH, ANY, NULL),
  FIELD("tableName", STRING, 0, ANY, NULL),
};
SHAPE(table_info, OPEN, NULL);

static const struct field schema_fields[] = {
  FIELD("schemaName", STRING, 0, ANY, NULL),
  FIELD("tableInfos", LIST, BOTH, OBJECT, &table_info),
};
SHAPE(schema, OPEN, NULL);

static const struct field selected_fields[] = {
  FIELD("dbName", STRING, BOTH, ANY, NULL),
  FIELD("schema", LIST, BOTH, OBJECT, &schema),
};
SHAPE(selected, OPEN, NULL);

enum { SELECTED_TABLES = 2, TABLE = 3 };
static const struct field connection_fields[] = {
  FIELD("datasourceType", STRING, 0, ANY, NULL),
  FIELD("datasource", STRING, CREATING, ANY, NULL),
  [SELECTED_TABLES] = FIELD("selectedTables", LIST, 0, OBJECT, &selected),
  [TABLE] = FIELD("table", LIST, 0, STRING, NULL),
  FIELD("querySql", LIST, 0, STRING, NULL),
};
SHAPE(connection, CLOSED, check_connection);

static const struct field parameter_fields[] = {
  FIELD("datasource", STRING, 0, ANY, NULL),
  FIELD("connection", LIST, 0, OBJECT, &connection),
  FIELD("column", EMPTY_LIST, 0, ANY, NULL),
  FIELD("updateColumn", EMPTY_LIST, 0, ANY, NULL),
  FIELD("skipNullColumn", EMPTY_LIST, 0, ANY, NULL),
  FIELD("preSql", EMPTY_LIST, 0, ANY, NULL),
  FIELD("postSql", EMPTY_LIST, 0, ANY, NULL),
};
SHAPE(parameter, OPEN, NULL);

enum { STEP_TYPE, PARAMETER, CATEGORY = 3 };
static const struct field step_fields[] = {
  [STEP_TYPE] = FIELD("stepType", STRING, CREATING, ANY, NULL),
  [PARAMETER] = FIELD("parameter", OBJECT, BOTH, ANY, &parameter),
  FIELD("name", STRING, 0, ANY, NULL),
  [CATEGORY] = FIELD("category", STRING, BOTH, ANY, NULL),
};
SHAPE(step, CLOSED, check_step);

static const struct field setting_fields[] = {
  FIELD("resourceGroup", STRING, CREATING, ANY, NULL),
  FIELD("scheduleResgroupId", NUMBER, 0, ANY, NULL),
  FIELD("name", STRING, 0, ANY, NULL),
  FIELD("taskType", STRING, CREATING, ANY, NULL),
};
SHAPE(setting, CLOSED, NULL);

static const struct field hop_fields[] = {
  FIELD("from", STRING, 0, ANY, NULL),
  FIELD("to", STRING, 0, ANY, NULL),
};
SHAPE(hop, OPEN, NULL);

static const struct field order_fields[] = {
  FIELD("hops", LIST, 0, OBJECT, &hop),
};
SHAPE(order, OPEN, NULL);

enum { TYPE = 1, SETTING = 3, STEPS = 4 };
static const struct field script_fields[] = {
  FIELD("extend", ANY, 0, ANY, NULL),
  [TYPE] = FIELD("type", STRING, CREATING, ANY, NULL),
  FIELD("version", STRING, 0, ANY, NULL),
  [SETTING] = FIELD("setting", OBJECT, CREATING, ANY, &setting),
  [STEPS] = FIELD("steps", LIST, BOTH, OBJECT, &step),
  FIELD("order", OBJECT, 0, ANY, &order),
};
SHAPE(script, CLOSED, check_script);

/* clang-format on */

const struct field script_root = FIELD("", OBJECT, BOTH, ANY, &script);

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

/* Returns the taskType that belongs to the writer's stepType at the stack index `step_type`, and leaves it on the stack.
   For a writer without a row, assumes the pattern that all rows follow today. */
static struct slice expected_task_type(lua_State *L, int writers, int step_type) {
  if (writers_find(L, writers, step_type)) value_field(L, lua_gettop(L), "task_type");
  else lua_pushfstring(L, "oneclick_to_%s", lua_tostring(L, step_type));
  return value_text(L, -1);
}

/* Checks that the taskType in the table at `setting_index` fits the stepType of the writer. */
static bool check_task_type(lua_State *L, const struct script_rules *rules, int setting_index, int writer,
                            const struct path *path) {
  int top = lua_gettop(L), step_type = top + 1;
  value_field(L, writer, "stepType");
  value_field(L, setting_index, "taskType");
  struct slice actual = value_text(L, step_type), task_type = value_text(L, -1);
  if (actual.data && task_type.data) {
    struct slice expected = expected_task_type(L, rules->writers, step_type);
    if (!slice_equal(task_type, expected)) {
      struct path up = child_path(path, "setting");
      struct path field = child_path(&up, "taskType");
      return value_fail(L, &field, "\"%s\" doesn't fit the writer's stepType \"%s\"; expected \"%s\"", task_type.data,
                        actual.data, expected.data);
    }
  }
  lua_settop(L, top);
  return true;
}

/* Returns whether a step is one of a documented script. */
static bool is_documented_step(lua_State *L, const struct script_rules *rules, int step_index) {
  int top = lua_gettop(L), step_type = top + 1;
  value_field(L, step_index, "stepType");
  value_field(L, step_index, "category");
  struct slice type = value_text(L, step_type);
  bool is_reader = slice_equal(value_text(L, -1), SLICE("reader"));
  bool is_documented =
    !type.data || (is_reader ? slice_equal(type, SLICE("mysql")) : writers_find(L, rules->writers, step_type));
  lua_settop(L, top);
  return is_documented;
}

bool script_is_documented(lua_State *L, const struct script_rules *rules) {
  int top = lua_gettop(L);
  bool is_documented = lua_istable(L, rules->script);
  if (!is_documented) return false;
  value_field(L, rules->script, "steps");
  size_t count = lua_istable(L, -1) ? raw_length(L, -1) : 0;
  for (size_t i = 1; i <= count && is_documented; i++) {
    lua_rawgeti(L, top + 1, clamp_to_int(i));
    if (lua_istable(L, -1)) is_documented = is_documented_step(L, rules, lua_gettop(L));
    lua_settop(L, top + 1);
  }
  lua_settop(L, top);
  return is_documented;
}

/* Returns the text at the stack index, or no text for any other value and for index 0. */
static struct slice known_text(lua_State *L, int index) {
  return index ? value_text(L, index) : (struct slice){ NULL, 0 };
}

static bool is_known_table(lua_State *L, int index) {
  return index && lua_istable(L, index);
}

/* Checks the script's type, its numbers of readers and writers, and its taskType. */
static bool check_script(lua_State *L, const struct script_rules *rules, const int known[], const struct path *path) {
  bool creating = rules->check == SCRIPT_CREATING;
  int steps = known[STEPS];
  struct step_count found = { 0, 0, 0 };
  if (creating && !slice_equal(known_text(L, known[TYPE]), SLICE("realtime"))) {
    struct path field = child_path(path, "type");
    return value_fail(L, &field, "expected \"realtime\"");
  }
  if (!is_known_table(L, steps) || !raw_length(L, steps)) return true;
  struct path field = child_path(path, "steps");
  if (!count_steps(L, rules->check, steps, &field, &found)) return false;
  if (!creating || !is_known_table(L, known[SETTING])) return true;
  lua_rawgeti(L, steps, clamp_to_int(found.last_writer));
  if (!check_task_type(L, rules, known[SETTING], lua_gettop(L), path)) return false;
  lua_pop(L, 1);
  return true;
}

/* Pops a name from the stack, and checks that the table has a field of this name. */
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

/* Checks the required fields of the table `parameter` of a step. A reader needs a connection. A writer needs the fields
   that its row names, or a data source if it has no row. */
static bool check_parameter(lua_State *L, const struct script_rules *rules, const int known[],
                            const struct path *path) {
  int table = known[PARAMETER];
  if (slice_equal(known_text(L, known[CATEGORY]), SLICE("reader"))) {
    lua_pushliteral(L, "connection");
    return check_required(L, table, path);
  }
  if (rules->check == SCRIPT_UPDATING) return true;
  if (!known[STEP_TYPE] || !writers_find(L, rules->writers, known[STEP_TYPE])) {
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

static bool check_step(lua_State *L, const struct script_rules *rules, const int known[], const struct path *path) {
  int top = lua_gettop(L);
  if (is_known_table(L, known[PARAMETER]) && !check_parameter(L, rules, known, path)) return false;
  lua_settop(L, top);
  return true;
}

/* Checks that a connection has either selectedTables or table. */
static bool check_connection(lua_State *L, const struct script_rules *rules, const int known[],
                             const struct path *path) {
  (void)rules;
  bool several = known[SELECTED_TABLES] && !value_is_null(L, known[SELECTED_TABLES]);
  bool single = known[TABLE] && !value_is_null(L, known[TABLE]);
  if (several != single) return true;
  return value_fail(L, path, "expected either selectedTables (several databases) or table (one database), got %s",
                    several ? "both" : "neither");
}
