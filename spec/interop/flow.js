// The create flow, for an SDK wrapped as call(action, params) -> Promise of the decoded reply.
"use strict";

const { randomUUID } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { setTimeout: sleep } = require("node:timers/promises");

const task = { ProjectId: 10000, TaskType: "DI_REALTIME" };
const table = "用户 (a+b)*~'😀";
const script = join(__dirname, "..", "scripts", "mysql_to_odps.json");
const taskParam = readFileSync(script, "utf8").replace("molin_di_test_in_pk_v4", table);

function generate(call) {
  return call("GenerateDISyncTaskConfigForCreating", { ...task, TaskParam: taskParam, ClientToken: randomUUID() });
}

async function wait(call, processId) {
  for (let i = 0; i < 100; i++) {
    const { Data } = await call("QueryDISyncTaskConfigProcessResult", { ...task, AsyncProcessId: processId });
    if (Data && Data.TaskContent) return Data.TaskContent;
    await sleep(100);
  }
  throw new Error("the configuration was not ready after 100 queries");
}

async function check(connect) {
  const call = connect(process.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET);
  const processId = (await generate(call)).Data.ProcessId;
  const created = await call("CreateDISyncTask", {
    ...task, TaskName: `interop_${randomUUID()}`, TaskContent: await wait(call, processId), ClientToken: randomUUID(),
  });
  const fileId = created.Data.FileId;
  const found = await call("GetDISyncTask", { ...task, FileId: fileId });
  if (!found.Data.Code || !found.Data.Code.includes(table)) {
    throw new Error(`the task came back without its tables: ${JSON.stringify(found)}`);
  }
  const refused = await generate(connect("wrong")).then(() => "none", (error) => error.code);
  if (refused !== "SignatureDoesNotMatch") throw new Error(`a wrong secret was answered with ${refused}`);
  return `ProcessId ${processId}, FileId ${fileId}, wrong secret: ${refused}`;
}

// Prints one line for the signature `name`. connect(secret) -> call.
exports.run = async function (sdk, name, connect) {
  const title = `${sdk} ${require(`${sdk}/package.json`).version}, ${name}`;
  try {
    console.log(`ok      ${title}: ${await check(connect)}`);
  } catch (error) {
    console.log(`failed  ${title}: ${error.stack}`);
    process.exitCode = 1;
  }
};
