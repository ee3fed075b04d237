local schedule = require "dataworks.api.schedule"

describe("a schedule", function()
  for text, expected in pairs {
    ["0 2 * * *"] = "DAY 00 00 02 * * ?",
    ["30 5 * * *"] = "DAY 00 30 05 * * ?",
    ["15 * * * *"] = "NOT_DAY 00 15 * * * ?",
    ["*/10 * * * *"] = "NOT_DAY 00 00-59/10 * * * ?",
    ["*/10 8-17 * * *"] = "NOT_DAY 00 00-59/10 08-17 * * ?",
    ["20 0 1 * *"] = "DAY 00 20 00 1 * ?",
    ["10 0 1 */3 *"] = "DAY 00 10 00 1 1-12/3 ?",
    ["10 0 1 jan,JUL *"] = "DAY 00 10 00 1 1,7 ?",
    ["5 0 * * 2,5"] = "DAY 00 05 00 * * 2,5",
    ["5 0 * * tue,Fri"] = "DAY 00 05 00 * * 2,5",
    ["5 1 * * 0"] = "DAY 00 05 01 * * 7",
    ["5 1 * * 5-7"] = "DAY 00 05 01 * * 5,6,7",
    ["5 1 * * 0-2"] = "DAY 00 05 01 * * 1,2,7",
    ["0 0,12 * * *"] = "NOT_DAY 00 00 00,12 * * ?",
    ["0 5 29 2 *"] = "DAY 00 00 05 29 2 ?",
    ["0,58 0,23 1 * *"] = "NOT_DAY 00 00,58 00,23 1 * ?",
    ["0,58 0,23 31 12 *"] = "NOT_DAY 00 00,58 00,23 31 12 ?",
    ["0 */6 * * *"] = "NOT_DAY 00 00 00-23/6 * * ?",
  } do
    it(("converts the cron expression %s"):format(text), function()
      local parsed, message = schedule.parse(text)
      assert.equal(expected, parsed and parsed.CycleType .. " " .. parsed.CronExpress, message)
    end)
  end

  for text, expected in pairs {
    ["00 30 05 * * ?"] = "DAY 00 30 05 * * ?",
    ["0  00/10 * * * ?"] = "NOT_DAY 0 00/10 * * * ?",
    ["00 05 00 ? * MON,FRI *"] = "DAY 00 05 00 ? * MON,FRI",
    ["00 00-59/10 8-17 * * * ?"] = "NOT_DAY 00 00-59/10 8-17 * * ?",
    ["00 00 02 L * ?"] = "DAY 00 00 02 L * ?",
  } do
    it(("keeps the service's expression %s"):format(text), function()
      local parsed, message = schedule.parse(text)
      assert.equal(expected, parsed and parsed.CycleType .. " " .. parsed.CronExpress, message)
    end)
  end

  for text, message in pairs {
    [""] = 'expected 5 fields as in "0 2 * * *", or the service\'s 6 fields, got 0',
    ["@daily"] = 'expected 5 fields as in "0 2 * * *", or the service\'s 6 fields, got 1',
    ["* * * * *"] = "the shortest interval of the service is 5 minutes, and this is 1",
    ["0,58 8-9 * * *"] = "the shortest interval of the service is 5 minutes, and this is 2",
    ["0,58 0,23 * * *"] = "the shortest interval of the service is 5 minutes, and this is 2",
    ["0,58 0,23 * * 0,1"] = "the shortest interval of the service is 5 minutes, and this is 2",
    ["0,58 0,23 1,31 1,12 *"] = "the shortest interval of the service is 5 minutes, and this is 2",
    ["0 5 30 2 *"] = "there is no such day in these months",
    ["00 00 05 31 4,6,9,11 ?"] = "there is no such day in these months",
    ["0 0 * * *"] = "the service runs a daily task at 00:05 at the earliest",
    ["0 2 1 * 1"] = "cron runs on the day of month or on the day of week; the service takes only one of the two",
    ["60 2 * * *"] = '"60" is not a value of the field minute, from 0 to 59',
    ["5 2 * * XYZ"] = '"XYZ" is not a value of the field day of week, from 0 to 7',
    ["5 2 * * 5-1"] = '"5-1" is not a range of the field day of week',
    ["5 */0 * * *"] = '"*/0" is not a range of the field hour',
    ["*/60 2 * * *"] = '"*/60" is not a range of the field minute',
    ["0 */99999999999999999999 * * *"] = '"*/99999999999999999999" is not a range of the field hour',
    ["00 10 02 * * 0"] = '"0" is not a value of the field day of week, from 1 to 7',
    ["5 2,,3 * * *"] = '"" is not a value of the field hour, from 0 to 23',
    ["30 00 02 * * ?"] = "the service runs tasks at second 00 only",
    ["00 00 02 * * ? 2027"] = "the service's expressions have no year; use StartEffectDate and EndEffectDate",
    ["00 00 02 1 * 1"] = "the service takes the day of month or the day of week, not both",
    ["00 00 02 32 * ?"] = '"32" is not a value of the field day of month, from 1 to 31',
  } do
    it(("refuses %q"):format(text), function()
      assert.same({ nil, message }, { schedule.parse(text) })
    end)
  end
end)
