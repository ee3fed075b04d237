-- The destinations that a TaskParam can write to. A row is all that the emulator knows of a writer.
--
--   step_type   stepType of the writer step; also its key in `to = { odps = ... }` of the builder
--   task_type   setting.taskType of a script with this writer
--   required    fields that the step's parameter must have; the builder sets `datasource`
--   content     how the service, and so the emulator, writes the TaskContent:
--     write_mode         writeMode of the writer step; absent: it has none
--     destination_table  dstTable of a mapping rule; "{database}" and "{table}" stand for the source's names
--     created_table      names and values, in order, of dstCreateTableInfo, with the same placeholders; absent: the
--                        service creates no table, and the rule has no settings for merging changes
--     column_type        type of an integer column in a created table
--
-- Plain data: the emulator requires it inside nginx.

---@class dataworks.Writer
---@field step_type string
---@field task_type string
---@field required string[]
---@field content { write_mode?: string, destination_table: string, created_table?: string[], column_type?: string }

local M = {}

---@type dataworks.Writer[]
M.rows = {
  {
    step_type = "odps", task_type = "oneclick_to_odps", required = { "datasource" },
    content = {
      destination_table = "{table}",
      created_table = { "tableName", "{table}" },
      column_type = "BIGINT",
    },
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

---@type table<string, dataworks.Writer>
M.by_step_type = {}
---@type table<string, dataworks.Writer>
M.by_task_type = {}

for _, row in ipairs(M.rows) do
  M.by_step_type[row.step_type] = row
  M.by_task_type[row.task_type] = row
end

return M
