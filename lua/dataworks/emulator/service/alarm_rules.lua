-- Alarm rules of synchronization jobs. Both versions of the API act on the same rules, and differ in their parameters
-- and replies.

local declared = require "dataworks.emulator.service.declared"
local jobs = require "dataworks.emulator.service.jobs"
local json = require "dataworks.emulator.json"
local paging = require "dataworks.emulator.service.paging"
local reply = require "dataworks.emulator.service.reply"

local M = {}

--- Stores the parameters in a rule. If a parameter is wrong, stores none.
---@param state table
---@param rule table
---@param params table<string, string>
---@param form {metrics: table<string, true>, shapes: table<string, table>} what the version of the API accepts
function M.change(state, rule, params, form)
  if params.MetricType and not form.metrics[params.MetricType] then
    reply.raise(reply.invalid("MetricType is not known"))
  end
  local decoded = {}
  for name, shape in pairs(form.shapes) do
    decoded[name] = declared.decode(params, name, shape)
  end
  for name, value in pairs(decoded) do
    rule[name] = value
  end
  for _, name in ipairs({ "Name", "Description", "MetricType" }) do
    rule[name] = params[name] or rule[name]
  end
  if params.Enabled then
    rule.Enabled = params.Enabled == "true"
  end
  rule.UpdatedTime, rule.UpdatedUid = state:now_ms(), state.OWNER
end

--- Creates a rule. A new rule is not enabled unless the call says so.
---@return table rule
function M.create(state, params, form)
  local job = jobs.find(state, params.DIJobId)
  local rule = {
    job_id = job.id, DIJobId = job.Id, Enabled = false, CreatedTime = state:now_ms(), CreatedUid = state.OWNER,
  }
  M.change(state, rule, params, form)
  rule.id = state:next_id()
  rule.Id, rule.DIAlarmRuleId = json.integer(rule.id), json.integer(rule.id)
  state.alarm_rules[rule.id] = rule
  return rule
end

--- Returns a rule. Raises a reply if there is no such rule.
---@param state table
---@param id string|nil
---@return table
function M.find(state, id)
  return state.alarm_rules[id or ""] or reply.raise(reply.invalid("there is no such alarm rule"))
end

function M.delete(state, rule)
  state.alarm_rules[rule.id] = nil
end

--- Returns the rules of a job, or all rules.
---@param state table
---@param job_id string|nil
---@param id string|nil if given, only the rule with this id is returned
---@return table[]
function M.list(state, job_id, id)
  return paging.select(state.alarm_rules, function(rule)
    return (not job_id or rule.job_id == job_id) and (not id or rule.id == id)
  end)
end

return M
