-- dataworks.encode and dataworks.decode, against lua-cjson on the same data.

local cjson = require "cjson"
local dataworks = require "dataworks"
local measure = require "bench.measure"
local script = require "bench.script"

local function repeated(item, count)
  local list = {}
  for i = 1, count do list[i] = item end
  return list
end

local file = {
  FileId = 1000001, FileName = "orders_to_odps", FileType = 10, Owner = "7775674356", Content = "SHOW TABLES;",
  CreateTime = 1593879116000, UseFlag = "NORMAL", ParentId = -1, AutoParsing = true, IsMaxCompute = false,
  BizId = 1000001,
}
local fractions = {}
for i = 1, 1000 do fractions[i] = i * 1.25 end

local DATA = {
  { "reply", "a short reply", 20000,
    { RequestId = "0bc1ec", Success = true, Data = { Status = "success", FileId = 1 } } },
  { "files", "a list of 100 files", 100,
    { RequestId = "0bc1ec2a", Data = { TotalCount = 100, Files = repeated(file, 100) } } },
  { "content", "a reply with a configuration of 5 kB", 2000,
    { Success = true, Data = { Status = "success", TaskContent = assert(dataworks.encode(repeated(script, 10))) } } },
  { "script", "the script of a task", 3000, script },
  { "fractions", "1000 numbers with a fraction", 200, fractions },
}

local rows = {}
for _, data in ipairs(DATA) do
  local name, what, count, value = data[1], data[2], data[3], data[4]
  local text = assert(dataworks.encode(value))
  for kind, argument in pairs { encode = value, decode = text } do
    rows[#rows + 1] = {
      name = kind .. "-" .. name, ours = ("dataworks.%s of %s"):format(kind, what), floor = "cjson." .. kind,
      measure = function()
        local ours, theirs = dataworks[kind], cjson[kind]
        return measure.pairs {
          ours = measure.repeated(function() return ours(argument) end),
          floor = measure.repeated(function() return theirs(argument) end), count = count, goal = 1,
        }
      end,
    }
  end
end
table.sort(rows, function(a, b) return a.name < b.name end)
return rows
