// The same process as bench/first_call.lua, with the official Node core.
"use strict";

const start = process.hrtime.bigint();
const { default: Client, $OpenApiUtil: OpenApi } = require("@alicloud/openapi-core");
const { RuntimeOptions } = require("@darabonba/typescript");
const required = Number(process.hrtime.bigint() - start) / 1e6;

const client = new Client(new OpenApi.Config({
  accessKeyId: "LTAI5tExampleExampleExam",
  accessKeySecret: "a-secret-of-thirty-characters-",
  endpoint: process.argv[2].replace("http://", ""),
  protocol: "http",
}));
const how = new OpenApi.Params({
  action: "GetDISyncTask", version: "2020-05-18", protocol: "HTTPS", pathname: "/", method: "POST", authType: "AK",
  style: "RPC", reqBodyType: "formData", bodyType: "json",
});
const query = { ProjectId: "10000", TaskType: "DI_REALTIME", FileId: "1" };

client.callApi(how, new OpenApi.OpenApiRequest({ query }), new RuntimeOptions({})).then(() => {
  console.log(required, process.resourceUsage().maxRSS);
});
