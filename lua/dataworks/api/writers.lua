-- The writers of a TaskParam, one row for each kind of destination. The function dataworks.task, the check of a script
-- in the C core and the emulator use these rows.

---@class dataworks.Writer
---@field step_type string stepType of the writer step, and the name of the destination in `to` of dataworks.task
---@field task_type string the setting.taskType of a script that has this writer
---@field required string[] the fields that the parameter of the writer step must have
---@field content? dataworks.WriterContent fields of a TaskContent that only this writer has

--- The texts can contain {database} and {table}, which stand for the names of the source's database and table.
---@class dataworks.WriterContent
---@field write_mode? string writeMode of the writer step
---@field destination_table? string dstTable of a mapping rule; default: "{table}"
---@field created_table? string[] the names and texts of dstCreateTableInfo, alternately; nil if no table is created
---@field column_type? string the type of an integer column in a created table

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
