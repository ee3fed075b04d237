-- The actions of version 2024-05-18 on the alarm rules of synchronization jobs.

local jobs = require "dataworks.emulator.service.jobs"
local paging = require "dataworks.emulator.service.paging"
local reply = require "dataworks.emulator.service.reply"
local rules = require "dataworks.emulator.service.alarm_rules"
local tables = require "dataworks.util.tables"
local wrap = require "dataworks.emulator.service.wrap"

local M = {}

local FORM = {
  metrics = tables.set_of("Heartbeat FailoverCount Delay DdlReport ResourceUtilization"),
  shapes = {
    NotificationSettings = {
      InhibitionInterval = "long", MuteInterval = "long",
      NotificationChannels = { { Channels = { "string" }, Severity = "string" } },
      NotificationReceivers = { { ReceiverType = "string", ReceiverValues = { "string" } } },
    },
    TriggerConditions = {
      {
        DdlReportTags = { "string" }, DdlTypes = { "string" }, Duration = "long", Severity = "string",
        Threshold = "long",
      },
    },
  },
}

local MEMBERS = {
  "Id", "DIAlarmRuleId", "DIJobId", "Name", "Description", "Enabled", "MetricType", "NotificationSettings",
  "TriggerConditions",
}

--- Returns an action that passes a rule to `act`. The parameter Id, or the older parameter DIAlarmRuleId, is the id of
--- the rule.
local function with_rule(act)
  return function(state, params)
    act(state, rules.find(state, params.Id or params.DIAlarmRuleId), params)
    return reply.members("Success", true)
  end
end

--- In this reply, the older name of the id is a text.
function M.CreateDIAlarmRule(state, params)
  local rule = rules.create(state, params, FORM)
  return reply.members("Id", rule.Id, "DIAlarmRuleId", rule.id)
end

M.UpdateDIAlarmRule = with_rule(function(state, rule, params)
  rules.change(state, rule, params, FORM)
end)

M.ListDIAlarmRules = wrap.with_page(function(state, params, page)
  local found = rules.list(state, params.JobId, params.DIAlarmRuleId)
  return reply.members("PagingInfo", paging.object("DIJobAlarmRules", found, page, function(rule)
    return jobs.show(rule, MEMBERS, #MEMBERS, FORM.shapes)
  end))
end)

M.DeleteDIAlarmRule = with_rule(rules.delete)

return M
