-- The actions of version 2020-05-18 on the alarm rules of synchronization jobs.

local jobs = require "dataworks.emulator.service.jobs"
local paging = require "dataworks.emulator.service.paging"
local reply = require "dataworks.emulator.service.reply"
local rules = require "dataworks.emulator.service.alarm_rules"
local tables = require "dataworks.util.tables"
local wrap = require "dataworks.emulator.service.wrap"

local M = {}

local FORM = {
  metrics = tables.set_of("Heartbeat FailoverCount Delay"),
  shapes = {
    NotificationSettings = {
      InhibitionInterval = "int32", NotificationChannels = { { Channels = { "string" }, Severity = "string" } },
      NotificationReceivers = { { ReceiverType = "string", ReceiverValues = { "string" } } },
    },
    TriggerConditions = { { Duration = "long", Severity = "string", Threshold = "long" } },
  },
}

--- The members of a rule, in the order of a reply. A list has only the first LISTED_SIZE members.
local MEMBERS = {
  "DIAlarmRuleId", "DIJobId", "Description", "Enabled", "MetricType", "NotificationSettings", "TriggerConditions",
  "CreatedTime", "CreatedUid", "UpdatedTime", "UpdatedUid",
}
local LISTED_SIZE = 7

function M.CreateDIAlarmRule(state, params)
  return reply.members("DIAlarmRuleId", rules.create(state, params, FORM).DIAlarmRuleId)
end

function M.UpdateDIAlarmRule(state, params)
  rules.change(state, rules.find(state, params.DIAlarmRuleId), params, FORM)
  return reply.members()
end

function M.GetDIAlarmRule(state, params)
  local rule = rules.find(state, params.DIAlarmRuleId)
  return reply.members("DIAlarmRule", jobs.show(rule, MEMBERS, #MEMBERS, FORM.shapes))
end

M.ListDIAlarmRules = wrap.with_page(function(state, params, page)
  local found = rules.list(state, params.DIJobId)
  return reply.members("DIAlarmRulePaging", paging.object("DIJobAlarmRules", found, page, function(rule)
    return jobs.show(rule, MEMBERS, LISTED_SIZE, FORM.shapes)
  end))
end)

function M.DeleteDIAlarmRule(state, params)
  rules.delete(state, rules.find(state, params.DIAlarmRuleId))
  return reply.members()
end

return M
