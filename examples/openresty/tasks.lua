-- What is known of the tasks, in nginx's shared memory: all workers see it, and it outlives a reload.

local cjson = require "cjson.safe"

local M = {}

local tasks, states, leases = ngx.shared.sync_tasks, ngx.shared.sync_states, ngx.shared.sync_leases
local failed = ngx.shared.sync_failed

local KEPT = 24 * 3600 -- seconds for which a task that has ended is told of
local LEASE = 5        -- seconds after which a worker that says nothing has lost its tasks
local LISTED = 100

--- States grow as their flows go on, and what is told of tasks, too: some room is left for that.
local function roomy(dict)
  return dict:free_space() > dict:capacity() / 4
end

--- A state is kept with what is told of its task until the task itself is there.
local function record(state, task)
  return cjson.encode { state = state, task = task }
end

local function read(id, field)
  local text = states:get(id)
  return text and cjson.decode(text)[field] or nil
end

---@param id string
---@return table|nil
function M.get(id)
  local text = #id == 32 and tasks:get(id)
  return text and cjson.decode(text) or #id == 32 and read(id, "task") or nil
end

--- Adds a task that is about to begin. Gives the one of that id instead, if there is one. A worker that dies between
--- the writes leaves nothing behind, or a state that the others go on from.
---@param task table
---@param state table to begin from
---@return table|nil task nil when memory is full
---@return boolean added
function M.add(task, state)
  local known = M.get(task.id)
  if known or not roomy(tasks) or not roomy(states) then
    return known, false
  end
  task.number = tasks:incr("count", 1, 0)
  local ok, message = states:safe_add(task.id, record(state, task))
  if not ok then
    return message == "exists" and M.get(task.id) or nil, false
  end
  local number = "number " .. task.number
  ok, message = tasks:safe_add(task.id, cjson.encode(task))
  if ok and tasks:safe_set(number, task.id) then
    return task, true
  elseif message == "exists" then
    -- It came, and went to its end, while this worker was held up.
    states:delete(task.id)
    return M.get(task.id), false
  end
  states:delete(task.id)
  tasks:delete(task.id)
  return nil, false
end

--- Does what a worker that died while it added the task did not get to.
---@param task table
function M.complete(task)
  tasks:safe_add(task.id, cjson.encode(task))
  tasks:safe_add("number " .. task.number, task.id)
end

--- Those that came last, newest first.
---@return table[]
function M.list()
  local list, number = {}, tasks:get "count" or 0
  local last = math.max(1, number - 10 * LISTED)
  while number >= last and #list < LISTED do
    local id = tasks:get("number " .. number)
    list[#list + 1] = id and M.get(id)
    number = number - 1
  end
  return list
end

--- Ids of those that have not ended.
function M.open()
  return states:get_keys(0)
end

---@param id string
---@return table|nil
function M.state(id)
  return read(id, "state")
end

--- False when memory is full. Then the state before is kept: to go on from there repeats a step, with the same token.
function M.keep(id, state)
  local before = states:get(id)
  if states:safe_set(id, record(state)) then
    return true
  end
  -- What did not fit has driven out its predecessor.
  states:safe_set(id, before)
  return false
end

---@param task table
function M.update(task)
  task.updated = ngx.now()
  tasks:safe_set(task.id, cjson.encode(task))
end

--- The last word on a task. Its state goes after that, so that a worker that dies in between leaves it to be resumed.
---@param task table
---@param state table|nil to go on from, should the task be asked for again
function M.finish(task, state)
  task.updated, task.ended = ngx.now(), ngx.now()
  if state then
    failed:set(task.id, record(state), KEPT)
  end
  tasks:set("number " .. task.number, task.id, KEPT)
  tasks:set(task.id, cjson.encode(task), KEPT)
  states:delete(task.id)
end

--- Has a task that failed carried on from where it failed, if that is known; false when it is carried already, too.
---@param task table
---@return boolean reopened
function M.reopen(task)
  local text = failed:get(task.id)
  if not text or not states:safe_add(task.id, text) then
    return false
  end
  failed:delete(task.id)
  task.ended, task.error = nil, nil
  M.update(task)
  return true
end

--- For the worker that gets true, until it lets go or dies.
function M.lease(id, worker)
  return leases:safe_add(id, worker, LEASE) == true
end

--- False for a worker that was silent for too long, and whose task is another one's now.
function M.renew(id, worker)
  return leases:get(id) == worker and leases:set(id, worker, LEASE) == true
end

function M.let_go(id, worker)
  if leases:get(id) == worker then
    leases:delete(id)
  end
end

return M
