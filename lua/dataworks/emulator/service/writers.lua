-- The TaskParam writers that scripts are generated for, by step type.

---@type table<string, {task_type: string}>
return {
  odps = { task_type = "oneclick_to_odps" },
  kafka = { task_type = "oneclick_to_kafka" },
  holo = { task_type = "oneclick_to_holo" },
}
