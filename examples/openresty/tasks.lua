-- Stores the tasks in nginx's shared memory. All workers read and write it, and a reload of nginx keeps it.

local cjson = require "cjson.safe"

local M = {}

local tasks, states, leases = ngx.shared.sync_tasks, ngx.shared.sync_states, ngx.shared.sync_leases
local failed = ngx.shared.sync_failed

local KEEP_ENDED = 24 * 3600 -- seconds that an ended task is kept
local LEASE = 5              -- seconds without a renewal after which a worker loses a task
local MAX_LISTED = 100

--- Returns whether a dict can take a new task. A quarter of it is reserved for known tasks, whose entries grow.
local function has_room(dict)
  return dict:free_space() > dict:capacity() / 4
end

--- Encodes a state as JSON. The first state of a task includes the task itself, which may not be stored yet.
local function encode_state(state, task)
  return cjson.encode { state = state, task = task }
end

--- Returns a field of the stored state of a task.
local function read(id, field)
  local text = states:get(id)
  return text and cjson.decode(text)[field] or nil
end

--- Returns the task with this id, or nil if the service does not know the id.
---@param id string
---@return table|nil
function M.get(id)
  local text = #id == 32 and tasks:get(id)
  return text and cjson.decode(text) or #id == 32 and read(id, "task") or nil
end

--- Adds a task. If a task with this id exists, returns that task. If the worker dies before the
--- task is stored completely, another worker completes it from the stored state.
---@param task table
---@param state table the first state of the task
---@return table|nil task nil if a dict is full
---@return boolean is_added
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
    -- Another worker has added and finished the same task in the meantime.
    states:delete(task.id)
    return M.get(task.id), false
  end
  states:delete(task.id)
  tasks:delete(task.id)
  return nil, false
end

--- Writes what is missing if a worker died inside `add`.
---@param task table
function M.complete_add(task)
  tasks:safe_add(task.id, cjson.encode(task))
  tasks:safe_add("number " .. task.number, task.id)
end

--- Returns the latest tasks, newest first.
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

--- Returns the ids of the tasks that have not ended.
---@return string[]
function M.unfinished()
  return states:get_keys(0)
end

--- Returns the last stored state of a task that has not ended.
---@param id string
---@return table|nil
function M.state(id)
  return read(id, "state")
end

--- Stores a state. If the dict is full, the previous state stays. A worker that resumes the task from the previous
--- state repeats one call with the same ClientToken, which is harmless.
---@param id string
---@param state table
---@return boolean is_stored
function M.save_state(id, state)
  local before = states:get(id)
  if states:safe_set(id, encode_state(state)) then
    return true
  end
  -- The write that failed has removed the previous state.
  states:safe_set(id, before)
  return false
end

--- Stores the changed fields of a task.
---@param task table
function M.update(task)
  task.updated = ngx.now()
  tasks:safe_set(task.id, cjson.encode(task))
end

--- Stores the end of a task. Deletes its state last: if the worker dies before that, another worker resumes the task.
---@param task table
---@param state table|nil the last state of a failed task. When a client sends the task again, it resumes from this
---  state.
function M.finish(task, state)
  task.updated, task.ended = ngx.now(), ngx.now()
  if state then
    failed:set(task.id, encode_state(state), KEEP_ENDED)
  end
  tasks:set("number " .. task.number, task.id, KEEP_ENDED)
  tasks:set(task.id, cjson.encode(task), KEEP_ENDED)
  states:delete(task.id)
end

--- Restores the state of a failed task, so that a worker resumes the task.
---@param task table
---@return boolean is_reopened false if there is no state, or if the task runs already
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

--- Gives a task to a worker, until the worker releases the task or stops renewing the lease.
---@param id string
---@param worker integer
---@return boolean is_leased false if another worker has the task
function M.lease(id, worker)
  return leases:safe_add(id, worker, LEASE) == true
end

--- Extends the lease of a worker on a task.
---@param id string
---@param worker integer
---@return boolean is_held false if the lease has expired
function M.renew(id, worker)
  return leases:get(id) == worker and leases:set(id, worker, LEASE) == true
end

--- Ends the lease of a worker on a task.
---@param id string
---@param worker integer
function M.release(id, worker)
  if leases:get(id) == worker then
    leases:delete(id)
  end
end

return M
