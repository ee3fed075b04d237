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

/** Shows an error message below a field, and moves the focus to the field. */
function markInvalid(id, text) {
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
  markInvalid(field, plain);
  say("The task was not started.", true);
}

// The Idempotency-Key stays the same until a reply arrives. If a reply is lost, a second click does not start a second task.
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

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.getAttribute("aria-disabled") === "true") return;
  clear();
  const script = find("script").value;
  try {
    JSON.parse(script);
  } catch (problem) {
    markInvalid("script", "This is not JSON: " + problem.message);
    return;
  }
  const task = { TaskType: find("TaskType").value };
  for (const name of ["ProjectId", "TaskName"]) {
    const value = find(name).value.trim();
    if (value) task[name] = value;
  }
  // The script is inserted as text, because JavaScript would round its ids.
  const scriptName = offline() ? "TaskContent" : "TaskParam";
  const body = JSON.stringify(task).slice(0, -1) + ',"' + scriptName + '":' + script + "}";
  button.setAttribute("aria-disabled", "true");
  try {
    await start(body);
  } catch (problem) {
    say("The service did not reply. Start the task again: it is not created twice.", true);
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

function track(name) {
  const made = element("div", "track");
  made.setAttribute("role", "progressbar");
  made.setAttribute("aria-label", "Progress of " + name);
  made.append(element("div", "bar"));
  return made;
}

const nameOf = (task) => task.TaskName || "Without a name";

/** Sets the text of a node if the text is new. An unchanged text is not set, because screen readers would repeat it. */
function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function build(task) {
  const item = element("li", "task");
  const top = element("div", "top");
  top.append(element("h3", "name", nameOf(task)), element("span", "step"));
  item.append(top, track(nameOf(task)), element("p", "facts"));
  update(item, task);
  return item;
}

function lines(item, className, texts) {
  const known = item.querySelectorAll(":scope > ." + className);
  texts.forEach((text, place) => {
    if (known[place]) put(known[place], text);
    else item.append(element(item.className === "facts" ? "span" : "p", className, text));
  });
  for (const spare of [...known].slice(texts.length)) spare.remove();
}

/** Changes the nodes of a task in place: progress bars move smoothly, and selected text stays selected. */
function update(item, task) {
  const error = task.error || {};
  const bar = item.querySelector(".track");
  item.className = "task " + task.state;
  put(item.querySelector(".step"), stepOf(task));
  bar.setAttribute("aria-valuenow", Math.round(task.progress * 100));
  bar.firstChild.style.transform = "scaleX(" + task.progress + ")";
  lines(item.querySelector(".facts"), "fact", facts(task));
  lines(item, "problem", [[error.code, error.message].filter(Boolean).join(": ")].filter(Boolean));
  lines(item, "advice", [error.advice].filter(Boolean));
}

/** Makes screen readers announce the end of a task. */
function announce(task) {
  const news = find("news");
  news.append(element("p", "", nameOf(task) + ": " + stepOf(task) + (task.error ? ". " + task.error.message : "")));
  if (news.children.length > 5) news.firstChild.remove();
}

const shown = new Map();

function show(tasks) {
  find("empty").hidden = tasks.length > 0;
  const running = tasks.filter((task) => task.state === "running").length;
  put(find("summary"), tasks.length ? running + " running, " + (tasks.length - running) + " ended" : "");
  const list = find("tasks");
  const ids = new Set(tasks.map((task) => task.id));
  for (const [id, known] of shown) {
    if (!ids.has(id)) {
      known.item.remove();
      shown.delete(id);
    }
  }
  tasks.forEach((task, place) => {
    const known = shown.get(task.id) || { item: build(task), task };
    update(known.item, task);
    if (known.task.state === "running" && task.state !== "running") announce(task);
    known.task = task;
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
    put(find("offline"), "The service can't be reached. The list may be out of date.");
    find("offline").hidden = false;
  }
  setTimeout(follow, running ? 500 : 2000);
}

fill();
follow();
