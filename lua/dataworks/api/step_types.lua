-- The step types of the documented readers and writers. spec/vectors/step_types.lua names the pages.

local types = require("dataworks.util.tables").set_of [[
  adbpg ads analyticdb_for_mysql apsaradb_for_OceanBase azureblob bigquery clickhouse databricks datahub db2 dlf dm
  doris elasticsearch ftp gbase8a gdb hbase hdfs hive holo httpfile hybriddb iot kafka kingbasees lindorm loghub
  LogHub mariadb metaq milvus mongodb mysql ocs odps opensearch oracle oss oss_hdfs ots polardb polardbx20
  postgresql redis redshift restapi s3 sahistory salesforce saphana sqlserver starrocks stream tddl tidb tos vertica]]
types["PolarDB-X 2.0"] = true

return types
