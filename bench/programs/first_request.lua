-- A program that loads the library, and signs one request.

local dataworks = require "dataworks"

local client = dataworks.new {
  region = "cn-shanghai", access_key_id = "LTAI5tExampleExampleExam",
  access_key_secret = "a-secret-of-thirty-characters-",
}
assert(client:request("GenerateDISyncTaskConfigForCreating", {
  ProjectId = 10000, TaskType = "DI_REALTIME",
  TaskParam = dataworks.task {
    from = { mysql = "mysql_pub1", tables = { mysql_db = { "molin_di_test_in_pk_v4" } } },
    to = { odps = "odps_source" },
    resource_group = "S_res_group_280749521950784_1623033752022",
  },
}))
client:close()
