-- The documented script from MySQL to MaxCompute.

return require("dataworks").task {
  from = { mysql = "mysql_pub1", tables = { mysql_db = { "molin_di_test_in_pk_v4" } } },
  to = { odps = "odps_source" },
  resource_group = "S_res_group_280749521950784_1623033752022",
}
