-- Brings one claimed task to what is wanted: create or update, deploy, start. Before each call that changes something,
-- the ledger is written with the fencing number of the claim. The call is made only if that write took effect, and its
-- timeout ends before the lease does.

local core = require "dataworks.core"
local errors = require "dataworks.error"
local existing = require "dataworks.fleet.existing"
local guards = require "dataworks.call.guard"
local ids = require "dataworks.util.ids"
local order = require("dataworks.fleet.plan").ORDER

local M = {}

-- The service accepts 64 characters, and a flow adds 2.
local TOKEN_LENGTH = 48

local RUNNING = { WAIT = true, RUN = true }

---@class dataworks.fleet.Work
---@field client dataworks.Client
---@field ledger dataworks.fleet.Ledger
---@field lease number seconds
---@field project string
---@field fleet string
---@field emit fun(event: table)
---@field claim dataworks.fleet.Claim
---@field task dataworks.fleet.Task
---@field is_marked? boolean true: the ledger was written for the next call already

--- Ends the work on a task with an error.
local function stop(err)
  error({ failed = err }, 0)
end

local function must(result, err)
  return result or stop(err)
end

--- Ends the work if the claim is lost.
local function must_hold(work, held)
  if not held or work.claim.lost then
    work.claim.lost = true
    stop(errors.new { kind = "cancelled", sent = false, message = "the lease of the task has ended" })
  end
end

--- Renews the lease, and writes the state of the flow.
local function mark(work, flow)
  must_hold(work, work.ledger:mark(work.claim, work.lease, flow))
end

local function lease_left(work)
  return work.claim.lease_ends - core.clock()
end

--- Makes sure that this runner has the lease during the next call, and returns the longest timeout of the call. A
--- process that stood still for longer than its lease ends here.
local function before_call(work, action)
  if not work.is_marked or lease_left(work) < work.lease / 2 then
    mark(work)
  end
  work.is_marked = false
  work.emit { type = "step", name = work.task.name, step = action }
  must_hold(work, lease_left(work) > 0)
  return lease_left(work)
end

--- Writes what the service has after a call. A lost claim changes nothing in the ledger.
---@param changes table false removes a value
local function save(work, changes)
  local claim = work.claim
  for name, value in pairs(changes) do
    claim[name] = value or nil
  end
  must_hold(work, work.ledger:save(claim, claim))
end

local function id_of(work)
  return { ProjectId = work.project, TaskType = work.claim.task_type, FileId = work.claim.file_id }
end

--- Returns whether the service has the file of the task. Ends the work if the file is that of another task, for example
--- because the ledger was made with another service.
local function has_file(work)
  local claim, name = work.claim, work.task.name
  local file = existing.file_of(work.client, id_of(work), must)
  -- A rename whose end is not in the ledger may have taken effect.
  if file and file.FileName ~= name and file.FileName ~= claim.named then
    stop(errors.new {
      kind = "task", sent = false,
      message = ("the file %s, which is %s in the ledger, has the name %s in the service"):format(claim.file_id,
        claim.named or name, tostring(file.FileName)),
      advice = "If the task was renamed, give the manifest the new name and moved_from. If the ledger is that of "
        .. "another service or account, use another ledger.",
    })
  end
  return file ~= nil
end

--- Returns the ClientToken of a creation. The same script has the same token, even with a new ledger after the old one
--- was lost. A changed script, and a task created again after a deletion, have another token.
local function creation_token(work)
  local task = work.task
  return core.digest(core.encode({
    work.project, work.fleet, task.name, task.task_type, task.script, task.resource_group or "", task.folder or "",
    work.claim.predecessor,
  }, true)):sub(1, TOKEN_LENGTH)
end

--- Runs a flow of the client, whose state is written before each of its calls. Returns its result and the digest of the
--- script with which it began.
local function run_flow(work, method, params)
  local stored = work.claim.flow and core.decode(work.claim.flow)
  local is_same = stored and stored.flow.flow == method
    and (method == "create_sync_task" or stored.digest == work.task.script_digest)
  local digest = is_same and stored.digest or work.task.script_digest
  local lost
  local result, err = work.client[method](work.client, is_same and {} or params, {
    resume = is_same and stored.flow or nil,
    on_step = function(state)
      local ok, fault = pcall(mark, work, (core.encode { flow = state, digest = digest }))
      work.is_marked, lost = ok, not ok and fault or nil
      if not ok then
        error("the ledger did not take the state", 0)
      end
    end,
  })
  work.is_marked = false
  if lost then
    error(lost, 0)
  elseif not result and not (err.state and (err.may_have_acted or err.retryable and err.state.ProcessId)) then
    -- The next attempt starts a new flow, with the same token if the task is to be created. A resumed flow would say of
    -- its first call that the service may have acted, because it does not know that this call was not sent.
    mark(work, false)
  end
  return result, err, digest
end

--- Returns the state of a creation that has begun; nil if there is none.
local function begun_creation(work)
  local stored = work.claim.flow and core.decode(work.claim.flow)
  return stored and stored.flow.flow == "create_sync_task" and stored.flow or nil
end

--- Creates the task, or goes on with a creation that has begun, perhaps under an earlier name.
local function create(work, params)
  local begun = begun_creation(work)
  local name = begun and begun.TaskName or work.task.name
  local result, err, digest = run_flow(work, "create_sync_task", params)
  work.claim.content = result and result.TaskContent or err.state and err.state.TaskContent
  if not result and err.code == existing.TAKEN then
    result, err = existing.adopt(work.client, {
      ProjectId = work.project, TaskType = work.task.task_type, TaskName = name,
      content = work.claim.content,
    })
    work.emit { type = "adopted", name = work.task.name }
  end
  save(work, {
    file_id = ids.text(must(result, err).FileId), script_made = digest, reached = "created",
    named = name ~= work.task.name and name,
  })
  -- A flow of an earlier run went on with the script of that run.
  work.claim.flow = nil
end

local function creation_params(work)
  local task = work.task
  return {
    ProjectId = work.project, TaskType = task.task_type, TaskName = task.name, FileFolderPath = task.folder,
    ResourceGroup = task.resource_group, ClientToken = creation_token(work),
    [task.task_type == "DI_OFFLINE" and "TaskContent" or "TaskParam"] = task.script,
  }
end

--- Gives the task the name that the manifest has. The call replaces the name, so that it can be repeated.
local function rename(work)
  must(work.client:call("UpdateFile", {
    ProjectId = work.project, FileId = work.claim.file_id, FileName = work.task.name,
  }, { version = "2020-05-18" }))
  save(work, { named = false })
end

local function update(work)
  local task, params = work.task, id_of(work)
  params[task.task_type == "DI_OFFLINE" and "TaskContent" or "TaskParam"] = task.script
  params.ResourceGroup = task.resource_group
  local result, err = run_flow(work, "update_sync_task", params)
  work.claim.content = must(result, err).TaskContent
  local was_deployed = work.claim.reached ~= "created"
  save(work, { script_made = task.script_digest, reached = was_deployed and "changed" or "created" })
end

local function deploy(work)
  local client, task = work.client, id_of(work)
  if task.TaskType == "DI_OFFLINE" then
    task.Schedule = work.task.schedule
    must(client:publish(task))
  else
    if work.claim.reached == "changed" and RUNNING[must(client:status(task)).state] then
      must(client:stop(task, { wait = true }))
    end
    local reply, err = client:deploy(task)
    -- A new ledger does not know that the task is in production. The service refuses to deploy a task that runs.
    local runs = not reply and err.kind == "task" and work.claim.reached == "created"
      and RUNNING[must(client:status(task)).state]
    must(reply or runs, err)
  end
  save(work, { reached = "deployed" })
end

--- Starts the task, unless it runs. A start of a runner that died can take effect between the two calls; the service
--- then refuses the second start.
local function start(work)
  local client, task = work.client, id_of(work)
  local started, err
  if not RUNNING[must(client:status(task)).state] then
    started, err = client:start(task, { wait = true })
  end
  if not started then
    must(not err or err.kind == "task" and RUNNING[must(client:status(task)).state], err)
    must(client:wait_for_state(task, "RUN"))
  end
  save(work, { reached = "running" })
end

--- Stops a real-time task, and takes it out of production.
local function retire(work)
  local client, task = work.client, id_of(work)
  local status, err = client:status(task)
  save(work, { reached = "created" })
  if not status and err.kind ~= "task" then
    stop(err)
  elseif status and status.state == "KILLING" then
    must(client:wait_for_state(task, "PAUSE"))
  elseif status and RUNNING[status.state] then
    must(client:stop(task, { wait = true }))
  end
  status, err = client:terminate(task, { wait = true })
  -- The service refuses that for a task that is not in production, and such a task can be deleted.
  return status or err.kind == "task" or stop(err)
end

local function delete_file(work)
  local client, claim = work.client, work.claim
  if claim.task_type == "DI_OFFLINE" then
    return client:call("DeleteFile", { ProjectId = work.project, FileId = claim.file_id }, { version = "2020-05-18" })
  end
  retire(work)
  return client:delete(id_of(work))
end

--- Deletes the task. The ledger keeps its FileId, so that a new task of the name gets another ClientToken.
local function delete(work)
  local claim = work.claim
  if claim.task_type == "DI_SOLUTION" then
    stop(errors.invalid("apply", "type", "the service has no action that deletes a solution",
      "Delete it in the console, then remove it with ledger forget."))
  end
  local begun = not claim.file_id and begun_creation(work)
  if begun and (begun.step == "configured" or begun.TaskType == "DI_OFFLINE") then
    create(work, {}) -- Only a repeated call tells whether the service has the task.
  end
  if claim.file_id and has_file(work) then
    local reply, err = delete_file(work)
    if not reply and has_file(work) then
      stop(err)
    end
  end
  save(work, {
    predecessor = claim.file_id or claim.predecessor, file_id = false, script_made = false, reached = "created",
    named = false,
  })
end

--- Brings a task to what is wanted. Raises { failed = err } after an error that concerns the task.
---@param work dataworks.fleet.Work
function M.run(work)
  local claim, task = work.claim, work.task
  work.client = guards.wrap(work.client, function(action) return before_call(work, action) end)
  if claim.made == task.digest then
    return
  elseif task.delete then
    return delete(work)
  elseif claim.file_id and claim.task_type ~= task.task_type then
    stop(errors.invalid("apply", "type", ("is %s, and the task exists as %s"):format(task.task_type, claim.task_type),
      "Give the task another name."))
  elseif not claim.file_id then
    create(work, creation_params(work))
  elseif claim.task_type ~= "DI_SOLUTION" then
    has_file(work) -- the service lists no solutions
  end
  if claim.named then
    rename(work)
  end
  if claim.script_made ~= task.script_digest then
    update(work)
  end
  if order[task.state] >= 2 and order[claim.reached] < 2 then
    deploy(work)
  end
  if task.state == "running" and order[claim.reached] < 3 then
    start(work)
  end
end

return M
