-- The writers of a TaskParam. The builder, the check in the core and the emulator read these rows.

---@class dataworks.Writer
---@field step_type string stepType of the writer step, and its name in dataworks.task's `to`
---@field task_type string setting.taskType of a script with this writer
---@field required string[] fields of the step's parameter
---@field content? dataworks.WriterContent additions to the common form of a TaskContent

--- Texts may hold {database} and {table}, the names of the source.
---@class dataworks.WriterContent
---@field write_mode? string writeMode of the writer step
---@field destination_table? string dstTable of a mapping rule; "{table}" when absent
---@field created_table? string[] names and texts of dstCreateTableInfo, in order; absent when no table is created
---@field column_type? string type of an integer column in a created table

---@type dataworks.Writer[]
return {
  {
    step_type = "odps", task_type = "oneclick_to_odps", required = { "datasource" },
    content = { created_table = { "tableName", "{table}" }, column_type = "BIGINT" },
  },
  { step_type = "kafka", task_type = "oneclick_to_kafka", required = { "datasource" } },
  {
    step_type = "holo", task_type = "oneclick_to_holo", required = { "datasource" },
    content = {
      write_mode = "replay",
      destination_table = "{database}.{table}",
      created_table = { "indexType", "{table}", "schemaName", "{database}", "tableName", "{table}" },
      column_type = "int8",
    },
  },
}
