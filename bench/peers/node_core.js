// The calls of the official Node core: see calls.lua.
"use strict";

const { readFileSync } = require("node:fs");
const { default: Client, $OpenApiUtil: OpenApi } = require("@alicloud/openapi-core");
const { RuntimeOptions } = require("@darabonba/typescript");

const [endpoint, calls] = process.argv.slice(2);
const count = Number(calls);
const script = JSON.parse(readFileSync("spec/scripts/mysql_to_odps.json", "utf8"));
const client = new Client(new OpenApi.Config({
  accessKeyId: "LTAI5tExampleExampleExam", accessKeySecret: "a-secret-of-thirty-characters-",
  endpoint: endpoint.replace("http://", ""), protocol: "http",
}));
const how = new OpenApi.Params({
  action: "GenerateDISyncTaskConfigForCreating", version: "2020-05-18", protocol: "HTTPS", pathname: "/",
  method: "POST", authType: "AK", style: "RPC", reqBodyType: "formData", bodyType: "json",
});

async function call() {
  const query = { ProjectId: "10000", TaskType: "DI_REALTIME", TaskParam: JSON.stringify(script) };
  const reply = await client.callApi(how, new OpenApi.OpenApiRequest({ query }), new RuntimeOptions({}));
  if (reply.body.Data.ProcessId !== 10) throw new Error("not the reply of the server");
}

(async () => {
  for (let i = 0; i < Math.floor(count / 2); i++) await call();
  const began = process.hrtime.bigint();
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) await call();
  const used = process.cpuUsage(before);
  const wall = Number(process.hrtime.bigint() - began) / 1e3;
  const peak = /VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1];
  console.log((used.user + used.system) / count, wall / count, peak);
})();
