-- Converts a cron expression to the schedule of a file, the parameters CronExpress and CycleType of UpdateFile.
--
-- The service's expressions have six fields: second, minute, hour, day of month, month and day of week (1 is Monday).
-- A task runs at most every 5 minutes, and a daily task at 00:05 at the earliest. CycleType is NOT_DAY for a task that
-- runs by the minute or the hour, and DAY for one that runs by the day, the week or the month. The source is the page
-- of UpdateFile:
-- https://www.alibabacloud.com/help/en/dataworks/developer-reference/api-dataworks-public-2020-05-18-updatefile

local M = {}

--- Returns the words of a text as a list.
local function words_of(text)
  local words = {}
  for word in text:gmatch "%S+" do
    words[#words + 1] = word
  end
  return words
end

local MIN_INTERVAL = 5 -- minutes
local EARLIEST_MINUTE = 5 -- of a daily task, after midnight

---@class dataworks.CronField
---@field name string
---@field min integer
---@field max integer
---@field names? table<string, integer>
---@field width? integer the number of digits

local MONTHS, DAYS = {}, {}
for i, name in ipairs(words_of "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC") do
  MONTHS[name] = i
end
for i, name in ipairs(words_of "MON TUE WED THU FRI SAT SUN") do
  DAYS[name] = i
end

local MINUTE = { name = "minute", min = 0, max = 59, width = 2 }
local HOUR = { name = "hour", min = 0, max = 23, width = 2 }
local DAY_OF_MONTH = { name = "day of month", min = 1, max = 31 }
local MONTH = { name = "month", min = 1, max = 12, names = MONTHS }
local DAY_OF_WEEK = { name = "day of week", min = 0, max = 7, names = DAYS }
local SERVICE_DAY_OF_WEEK = { name = "day of week", min = 1, max = 7, names = DAYS }

--- Returns the number of a word; nil and a message if it is not in the range of the field.
local function number_of(field, word)
  local number = field.names and field.names[word:upper()] or word:find "^%d%d?$" and tonumber(word)
  if not number or number < field.min or number > field.max then
    return nil, ("%q is not a value of the field %s, from %d to %d"):format(word, field.name, field.min,
      field.max)
  end
  return number
end

--- Parses one item of a field: "*", "5", "1-5", and each of them with a step, as in "*/10".
---@return { from: integer, to: integer, step: integer }|nil
---@return string|nil message
local function parse_item(field, item)
  local range, step = item:match "^([^/]+)/(%d+)$"
  local first, last = (range or item):match "^(%w+)%-(%w+)$"
  local from, to, message
  if (range or item) == "*" then
    from, to = field.min, field.max
  else
    from, message = number_of(field, first or range or item)
    to = from
    if from and (last or step) then
      to, message = number_of(field, last or tostring(field.max))
    end
  end
  step = tonumber(step or 1)
  if message then
    return nil, message
  elseif from > to or step < 1 or step > field.max then
    return nil, ("%q is not a range of the field %s"):format(item, field.name)
  end
  return { from = from, to = to, step = step }
end

--- Returns the items of a field, which have commas between them.
local function items_of(text)
  local items, from = {}, 1
  while true do
    local comma = text:find(",", from, true)
    items[#items + 1] = text:sub(from, (comma or #text + 1) - 1)
    if not comma then
      return items
    end
    from = comma + 1
  end
end

--- Parses a field.
---@return integer[]|nil values in their order
---@return string|nil message
local function parse_field(field, text)
  local seen, values = {}, {}
  for _, item in ipairs(items_of(text)) do
    local parsed, message = parse_item(field, item)
    if not parsed then
      return nil, message
    end
    for value = parsed.from, parsed.to, parsed.step do
      seen[value] = true
    end
  end
  for value = field.min, field.max do
    values[#values + 1] = seen[value] and value or nil
  end
  return values
end

--- Returns a field of a five-field expression as the service writes it: numbers with all their digits, and ranges
--- instead of "*/10".
local function rewrite(field, text)
  local digits = "%0" .. (field.width or 1) .. "d"
  local items = {}
  for _, item in ipairs(items_of(text)) do
    local parsed = parse_item(field, item)
    if item == "*" then
      items[#items + 1] = "*"
    else
      local range = digits:format(parsed.from) .. (parsed.to > parsed.from and "-" .. digits:format(parsed.to) or "")
      items[#items + 1] = range .. (parsed.step > 1 and parsed.to > parsed.from and "/" .. parsed.step or "")
    end
  end
  return table.concat(items, ",")
end

local function to_set(values)
  local set = {}
  for _, value in ipairs(values) do
    set[value] = true
  end
  return set
end

local DAYS_OF_MONTHS = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

--- Returns whether a run ever has a day, and whether runs have two days in a row.
local function find_days(days, months, weekdays)
  local is_day, is_month, is_weekday = to_set(days), to_set(months), to_set(weekdays)
  is_weekday[7] = is_weekday[7] or is_weekday[0]
  local found, in_a_row, number = false, false, 0
  local was = is_day[31] and is_month[12]
  for month, length in ipairs(DAYS_OF_MONTHS) do
    for day = 1, length do
      number = number + 1
      local is = is_month[month] and is_day[day] and is_weekday[(number - 1) % 7 + 1] or false
      found, in_a_row, was = found or is, in_a_row or is and was, is
    end
  end
  return found, in_a_row
end

--- Returns the smallest number of minutes between two runs, unless it is a day or more.
local function interval(minutes, hours, in_a_row)
  local smallest = #hours > 1 and 60 or nil
  for i = 2, #minutes do
    smallest = math.min(smallest or 60, minutes[i] - minutes[i - 1])
  end
  for i = 2, #hours do
    if hours[i] - hours[i - 1] == 1 then
      smallest = math.min(smallest, 60 - minutes[#minutes] + minutes[1])
    end
  end
  if in_a_row and #hours > 1 and hours[1] == 0 and hours[#hours] == 23 then
    smallest = math.min(smallest, 60 - minutes[#minutes] + minutes[1])
  end
  return smallest
end

--- Returns the CycleType, or nil and a message if the service refuses such times.
local function cycle_type(minutes, hours, days, months, weekdays)
  local found, in_a_row = find_days(days, months, weekdays)
  local shortest = interval(minutes, hours, in_a_row)
  if not found then
    return nil, "there is no such day in these months"
  elseif shortest and shortest < MIN_INTERVAL then
    return nil, ("the shortest interval of the service is %d minutes, and this is %d"):format(MIN_INTERVAL, shortest)
  elseif shortest then
    return "NOT_DAY"
  elseif hours[1] == 0 and minutes[1] < EARLIEST_MINUTE then
    return nil, ("the service runs a daily task at 00:%02d at the earliest"):format(EARLIEST_MINUTE)
  end
  return "DAY"
end

--- Returns the day of week as the service writes it. cron counts Sunday as 0 and as 7.
local function days_of_week(text, values)
  if text == "*" then
    return "?"
  end
  local days = {}
  for _, value in ipairs(values) do
    days[value == 0 and 7 or value] = true
  end
  local list = {}
  for day = 1, 7 do
    list[#list + 1] = days[day] and tostring(day) or nil
  end
  return table.concat(list, ",")
end

--- Parses the fields of an expression, which are in the order of `fields`.
local function parse_fields(fields, words)
  local parsed = {}
  for i, field in ipairs(fields) do
    local message
    parsed[i], message = parse_field(field, words[i])
    if not parsed[i] then
      return nil, message
    end
  end
  return parsed
end

local function convert_cron(words)
  local fields = { MINUTE, HOUR, DAY_OF_MONTH, MONTH, DAY_OF_WEEK }
  local values, message = parse_fields(fields, words)
  if not values then
    return nil, message
  elseif words[3] ~= "*" and words[5] ~= "*" then
    return nil, "cron runs on the day of month or on the day of week; the service takes only one of the two"
  end
  local cycle
  cycle, message = cycle_type((table.unpack or unpack)(values))
  local expression = { "00" }
  for i = 1, 4 do
    expression[i + 1] = rewrite(fields[i], words[i])
  end
  expression[6] = days_of_week(words[5], values[5])
  return cycle and { CronExpress = table.concat(expression, " "), CycleType = cycle } or nil, message
end

--- Checks an expression with the service's six fields. A seventh field, the year, must be "*", because the service has
--- none. The page of UpdateFile has one expression with seven fields, which ends in "* ?".
local function check_expression(words)
  local second, day, week = words[1], words[4], words[6]
  if week == "*" and words[7] == "?" then
    words = { second, words[2], words[3], day, words[5], "?" }
  end
  if second ~= "0" and second ~= "00" then
    return nil, "the service runs tasks at second 00 only"
  elseif words[7] and words[7] ~= "*" then
    return nil, "the service's expressions have no year; use StartEffectDate and EndEffectDate"
  elseif day ~= "?" and day ~= "*" and week ~= "?" and week ~= "*" then
    return nil, "the service takes the day of month or the day of week, not both"
  end
  local fields = { MINUTE, HOUR, DAY_OF_MONTH, MONTH, SERVICE_DAY_OF_WEEK }
  local values, message = parse_fields(fields, {
    words[2], words[3], (day == "?" or day == "L") and "*" or day, words[5], week == "?" and "*" or week,
  })
  local cycle
  if values then
    cycle, message = cycle_type((table.unpack or unpack)(values))
  end
  return cycle and { CronExpress = table.concat(words, " ", 1, 6), CycleType = cycle } or nil, message
end

--- Converts a cron expression of five fields, or checks one of six or seven fields.
---@param text string
---@return { CronExpress: string, CycleType: "DAY"|"NOT_DAY" }|nil
---@return string|nil message says what is wrong
function M.parse(text)
  local words = words_of(text)
  if #words == 5 then
    return convert_cron(words)
  elseif #words == 6 or #words == 7 then
    return check_expression(words)
  end
  return nil, ("expected 5 fields as in \"0 2 * * *\", or the service's 6 fields, got %d"):format(#words)
end

return M
