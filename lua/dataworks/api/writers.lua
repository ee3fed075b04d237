-- The writers of a TaskParam. A row is all that the builder, the check in the core and the emulator know of a writer.
-- The emulator requires this file inside nginx, without the core.

---@class dataworks.Writer
---@field step_type string stepType of the writer step, and its name in dataworks.task's `to`
---@field task_type string setting.taskType of a script with this writer
---@field required string[] fields of the step's parameter; the builder sets `datasource`
---@field content dataworks.WriterContent how the service, and so the emulator, writes the TaskContent

-- "{database}" and "{table}" stand for the names in the source.
---@class dataworks.WriterContent
---@field write_mode? string writeMode of the writer step
---@field destination_table string dstTable of a mapping rule
---@field created_table? string[] names and values, in order, of dstCreateTableInfo; absent: the service creates no table,
--- and the rule has no settings for merging changes
---@field column_type? string of an integer column in a created table

---@type dataworks.Writer[]
return {
  {
    step_type = "odps", task_type = "oneclick_to_odps", required = { "datasource" },
    content = { destination_table = "{table}", created_table = { "tableName", "{table}" }, column_type = "BIGINT" },
  },
  {
    step_type = "kafka", task_type = "oneclick_to_kafka", required = { "datasource" },
    content = { destination_table = "{table}" },
  },
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
