"use strict";

const STEPS = { accepted: 0, begun: 1, generated: 2, configured: 3, created: 4, failed: 4 };
const WORDS = {
  accepted: "accepted", begun: "generating", generated: "waiting for the configuration", configured: "creating",
  created: "created", failed: "failed",
};
const EXAMPLE = {
  type: "realtime",
  version: "1.0",
  setting: { resourceGroup: "S_res_group_280749521950784_1623033752022", taskType: "oneclick_to_odps" },
  steps: [
    {
      stepType: "mysql", category: "reader", name: "Reader",
      parameter: { connection: [{ datasourceType: "mysql", datasource: "mysql_pub", table: ["orders"] }] },
    },
    { stepType: "odps", category: "writer", name: "Writer", parameter: { datasource: "odps_source" } },
  ],
};

const form = document.getElementById("form");
const problem = document.getElementById("problem");
const list = document.getElementById("tasks");
const template = document.getElementById("task");
const rows = new Map();

form.elements.TaskParam.value = JSON.stringify(EXAMPLE, null, 2);

function say(message) {
  problem.textContent = message;
  problem.hidden = !message;
}

function describe(task) {
  if (task.step === "failed") return task.error.message;
  if (task.step === "created") return `File ${task.file_id}`;
  if (task.polls) return `Asked ${task.polls} ${task.polls === 1 ? "time" : "times"} so far`;
  return `Started ${new Date(task.created * 1000).toLocaleTimeString()}`;
}

function show(task) {
  let row = rows.get(task.id);
  if (!row) {
    row = template.content.firstElementChild.cloneNode(true);
    row.dataset.id = task.id;
    rows.set(task.id, row);
  }
  row.className = task.step;
  row.querySelector(".name").textContent = task.name || task.id;
  row.querySelector(".state").textContent = WORDS[task.step] || task.step;
  const bar = row.querySelector("progress");
  bar.value = STEPS[task.step] || 0;
  bar.setAttribute("aria-label", `Progress of ${task.name || task.id}`);
  row.querySelector(".detail").textContent = describe(task);
  const advice = row.querySelector(".advice");
  advice.textContent = task.error && task.error.advice && !task.error.message.includes(task.error.advice)
    ? task.error.advice : "";
  advice.hidden = !advice.textContent;
  return row;
}

function summarize(tasks) {
  const running = tasks.filter((task) => !task.ended).length;
  const failed = tasks.filter((task) => task.step === "failed").length;
  const parts = [`${running} running`, `${tasks.length - running - failed} created`];
  if (failed) parts.push(`${failed} failed`);
  return parts.join(", ");
}

async function refresh() {
  const summary = document.getElementById("summary");
  try {
    const reply = await fetch("/sync-tasks");
    const { tasks } = await reply.json();
    // Rows that stand where they belong are left there, so that nobody loses what they read.
    tasks.forEach((task, i) => {
      const row = show(task);
      if (list.children[i] !== row) list.insertBefore(row, list.children[i] || null);
    });
    while (list.children.length > tasks.length) {
      rows.delete(list.lastChild.dataset.id);
      list.lastChild.remove();
    }
    document.getElementById("empty").hidden = tasks.length > 0;
    summary.textContent = summarize(tasks);
  } catch (error) {
    summary.textContent = "The service does not answer; trying again";
  }
}

async function start() {
  const task = Object.fromEntries(new FormData(form));
  try {
    task.TaskParam = JSON.parse(task.TaskParam);
  } catch (error) {
    say(`The script is no JSON: ${error.message}`);
    return;
  }
  const reply = await fetch("/sync-tasks", {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() },
    body: JSON.stringify(task),
  });
  const answer = await reply.json();
  say(reply.ok ? "" : answer.error.message);
  await refresh();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    await start();
  } catch (error) {
    say("The service does not answer; nothing was started, or it is in the list soon");
  } finally {
    button.disabled = false;
  }
});

(async function poll() {
  await refresh();
  setTimeout(poll, 1000);
})();
