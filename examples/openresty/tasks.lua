-- Stores the tasks in nginx's shared memory, which all workers see and which survives a reload.

local cjson = require "cjson.safe"

local M = {}

local tasks, states, leases = ngx.shared.sync_tasks, ngx.shared.sync_states, ngx.shared.sync_leases
local failed = ngx.shared.sync_failed

local KEEP_ENDED = 24 * 3600 -- seconds after its end until a task is forgotten
local LEASE = 5              -- seconds after which a silent worker loses its tasks
local MAX_LISTED = 100

--- A quarter of a dict is reserved, because tasks and their states grow.
local function has_room(dict)
  return dict:free_space() > dict:capacity() / 4
end

--- The first state includes its task, which may not be stored yet.
local function encode_state(state, task)
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

--- Adds a task, or returns the known task of that id. A worker that dies between the writes leaves nothing, or a state
--- that other workers resume.
---@param task table
---@param state table to begin from
---@return table|nil task nil when a dict is full
---@return boolean added
function M.add(task, state)
  local known = M.get(task.id)
  if known or not has_room(tasks) or not has_room(states) then
    return known, false
  end
  task.number = tasks:incr("count", 1, 0)
  local ok, message = states:safe_add(task.id, encode_state(state, task))
  if not ok then
    return message == "exists" and M.get(task.id) or nil, false
  end
  local number = "number " .. task.number
  ok, message = tasks:safe_add(task.id, cjson.encode(task))
  if ok and tasks:safe_set(number, task.id) then
    return task, true
  elseif message == "exists" then
    -- Another worker has added and finished the task meanwhile.
    states:delete(task.id)
    return M.get(task.id), false
  end
  states:delete(task.id)
  tasks:delete(task.id)
  return nil, false
end

--- Completes the writes of `add`, in case a worker died between them.
---@param task table
function M.complete_add(task)
  tasks:safe_add(task.id, cjson.encode(task))
  tasks:safe_add("number " .. task.number, task.id)
end

--- The latest tasks, newest first.
---@return table[]
function M.list()
  local list, number = {}, tasks:get "count" or 0
  local last = math.max(1, number - 10 * MAX_LISTED)
  while number >= last and #list < MAX_LISTED do
    local id = tasks:get("number " .. number)
    list[#list + 1] = id and M.get(id)
    number = number - 1
  end
  return list
end

---@return string[] ids of the tasks that have not ended
function M.unfinished()
  return states:get_keys(0)
end

---@param id string
---@return table|nil
function M.state(id)
  return read(id, "state")
end

--- Returns false when the dict is full. It then keeps the previous state, whose resumption repeats a step with the same
--- token.
function M.save_state(id, state)
  local before = states:get(id)
  if states:safe_set(id, encode_state(state)) then
    return true
  end
  -- The failed write has removed the previous state.
  states:safe_set(id, before)
  return false
end

---@param task table
function M.update(task)
  task.updated = ngx.now()
  tasks:safe_set(task.id, cjson.encode(task))
end

--- Stores the end of a task. The state is deleted last, so that a task whose worker dies in between is resumed.
---@param task table
---@param state table|nil to resume from when the task is sent again
function M.finish(task, state)
  task.updated, task.ended = ngx.now(), ngx.now()
  if state then
    failed:set(task.id, encode_state(state), KEEP_ENDED)
  end
  tasks:set("number " .. task.number, task.id, KEEP_ENDED)
  tasks:set(task.id, cjson.encode(task), KEEP_ENDED)
  states:delete(task.id)
end

--- Restores the state of a failed task, so that it is resumed.
---@param task table
---@return boolean is_reopened false without a state, or when the task runs already
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

--- Gives a task to a worker, until the worker releases it or dies.
---@return boolean is_leased false when another worker has it
function M.lease(id, worker)
  return leases:safe_add(id, worker, LEASE) == true
end

---@return boolean is_held false when the lease has expired
function M.renew(id, worker)
  return leases:get(id) == worker and leases:set(id, worker, LEASE) == true
end

function M.release(id, worker)
  if leases:get(id) == worker then
    leases:delete(id)
  end
end

return M
