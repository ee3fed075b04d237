"use strict";

const EXAMPLE = {
  type: "realtime",
  version: "1.0",
  setting: { resourceGroup: "S_res_group_280749521950784_1623033752022", taskType: "oneclick_to_odps" },
  steps: [
    {
      category: "reader", name: "Reader", stepType: "mysql",
      parameter: { connection: [{ datasourceType: "mysql", datasource: "mysql_pub", table: ["orders", "users"] }] },
    },
    { category: "writer", name: "Writer", stepType: "odps", parameter: { datasource: "odps_source" } },
  ],
};

const find = (id) => document.getElementById(id);
const form = find("start");
const button = form.querySelector("button");
const WORDS = {
  begun: "Waiting", generated: "Generating", polling: "Generating", configured: "Creating", created: "Created",
};

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// The form

function fill() {
  find("TaskName").value = "orders_to_odps";
  find("ProjectId").value = "10000";
  find("script").value = JSON.stringify(EXAMPLE, null, 2);
}

const offline = () => find("TaskType").value === "DI_OFFLINE";

find("TaskType").addEventListener("change", () => {
  find("script-label").textContent = offline() ? "Script (TaskContent)" : "Script (TaskParam)";
});

function say(text, bad) {
  find("said").textContent = text;
  find("said").classList.toggle("bad", Boolean(bad));
}

function clear() {
  say("");
  for (const input of form.querySelectorAll("input, select, textarea")) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
    find(input.id + "-wrong").hidden = true;
  }
}

/** Says at a field what is wrong with it, and takes the reader there. */
function blame(id, text) {
  const input = find(id);
  const wrong = find(id + "-wrong");
  wrong.textContent = text;
  wrong.hidden = false;
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", wrong.id);
  input.focus();
}

function fieldOf(path) {
  if (/^Task(Param|Content)\b/.test(path)) return "script";
  return ["TaskName", "ProjectId", "TaskType"].includes(path) ? path : undefined;
}

function refuse(error) {
  const field = error.path && fieldOf(error.path);
  if (!field) {
    say([error.path, error.message, error.advice].filter(Boolean).join(" "), true);
    return;
  }
  const plain = field === error.path ? error.message : error.path + " " + error.message;
  blame(field, plain);
  say("The task was not started.", true);
}

// An attempt keeps its key until it is answered, so that a second click after a lost answer starts nothing twice.
let attempt = { body: "", key: "" };

function keyOf(body) {
  if (attempt.body !== body) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    attempt = { body, key: Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") };
  }
  return attempt.key;
}

async function start(body) {
  const reply = await fetch("/sync-tasks", {
    method: "POST", body, headers: { "Content-Type": "application/json", "Idempotency-Key": keyOf(body) },
  });
  const said = await reply.json();
  attempt = { body: "", key: "" };
  if (!reply.ok) {
    refuse(said.error);
    return;
  }
  say("The task was started.");
  await refresh();
}

/** The script, as the text that it is when JavaScript would lose digits of an id in it. */
function read(text) {
  let exact = true;
  const value = JSON.parse(text, (key, item) => {
    exact = exact && !(Number.isInteger(item) && !Number.isSafeInteger(item));
    return item;
  });
  return exact ? value : text;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.getAttribute("aria-disabled") === "true") return;
  clear();
  let script;
  try {
    script = read(find("script").value);
  } catch (problem) {
    blame("script", "This is no JSON: " + problem.message);
    return;
  }
  const task = { TaskType: find("TaskType").value, [offline() ? "TaskContent" : "TaskParam"]: script };
  for (const name of ["ProjectId", "TaskName"]) {
    const value = find(name).value.trim();
    if (value) task[name] = value;
  }
  button.setAttribute("aria-disabled", "true");
  try {
    await start(JSON.stringify(task));
  } catch (problem) {
    say("The service gave no answer. Start the task again: it is not done twice.", true);
  }
  button.removeAttribute("aria-disabled");
});

// The list

function seconds(task) {
  const passed = Math.max(0, task.elapsed);
  return passed < 60 ? passed.toFixed(1) + " s" : Math.floor(passed / 60) + " min " + Math.floor(passed % 60) + " s";
}

function facts(task) {
  const list = [new Date(task.created * 1000).toLocaleTimeString(), seconds(task)];
  if (task.state === "running" && task.attempt) list.push("poll " + task.attempt);
  if (task.FileId) list.push("file " + task.FileId);
  return list;
}

function stepOf(task) {
  return task.state === "failed" ? "Failed" : WORDS[task.step] || task.step;
}

function track(task, name) {
  const bar = element("div", "bar");
  bar.style.transform = "scaleX(" + task.progress + ")";
  const made = element("div", "track");
  made.setAttribute("role", "progressbar");
  made.setAttribute("aria-label", "Progress of " + name);
  made.setAttribute("aria-valuenow", Math.round(task.progress * 100));
  made.append(bar);
  return made;
}

function build(task) {
  const name = task.TaskName || "Without a name";
  const item = element("li", "task " + task.state);
  item.dataset.id = task.id;
  const top = element("div", "top");
  top.append(element("h3", "name", name), element("span", "step", stepOf(task)));
  const line = element("p", "facts");
  line.append(...facts(task).map((text) => element("span", "fact", text)));
  item.append(top, track(task, name), line);
  if (task.error) {
    item.append(element("p", "problem", [task.error.code, task.error.message].filter(Boolean).join(": ")));
    if (task.error.advice) item.append(element("p", "advice", task.error.advice));
  }
  return item;
}

/** Updates what is there instead of making it anew, so that bars move and a selection stays. */
function update(item, task) {
  const fresh = build(task);
  const line = item.querySelector(".track");
  item.className = fresh.className;
  item.querySelector(".top").replaceWith(fresh.querySelector(".top"));
  line.setAttribute("aria-valuenow", Math.round(task.progress * 100));
  line.firstChild.style.transform = "scaleX(" + task.progress + ")";
  while (item.lastChild !== line) item.lastChild.remove();
  item.append(...fresh.querySelectorAll(":scope > .track ~ *"));
}

const shown = new Map();

function show(tasks) {
  find("empty").hidden = tasks.length > 0;
  const running = tasks.filter((task) => task.state === "running").length;
  find("summary").textContent = tasks.length ? running + " running, " + (tasks.length - running) + " ended" : "";
  const list = find("tasks");
  const ids = new Set(tasks.map((task) => task.id));
  for (const [id, known] of shown) {
    if (!ids.has(id)) {
      known.item.remove();
      shown.delete(id);
    }
  }
  tasks.forEach((task, place) => {
    const text = JSON.stringify(task);
    const known = shown.get(task.id) || { item: build(task), text };
    if (known.text !== text) {
      update(known.item, task);
      known.text = text;
    }
    shown.set(task.id, known);
    if (list.children[place] !== known.item) list.insertBefore(known.item, list.children[place] || null);
  });
  return running;
}

async function refresh() {
  const reply = await fetch("/sync-tasks");
  const { tasks } = await reply.json();
  find("offline").hidden = true;
  return show(tasks);
}

async function follow() {
  let running = 1;
  try {
    running = await refresh();
  } catch (problem) {
    find("offline").textContent = "The service can't be reached. What is shown may be old.";
    find("offline").hidden = false;
  }
  setTimeout(follow, running ? 500 : 2000);
}

fill();
follow();
