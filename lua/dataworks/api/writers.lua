-- The writers of a TaskParam. The builder, the check in the core and the emulator read these rows.

---@class dataworks.Writer
---@field step_type string stepType of the writer step, and its name in dataworks.task's `to`
---@field task_type string setting.taskType of a script with this writer
---@field required string[] fields of the step's parameter

---@type dataworks.Writer[]
return {
  { step_type = "odps", task_type = "oneclick_to_odps", required = { "datasource" } },
  { step_type = "kafka", task_type = "oneclick_to_kafka", required = { "datasource" } },
  { step_type = "holo", task_type = "oneclick_to_holo", required = { "datasource" } },
}
