-- Reading and writing JSON, against lua-cjson.

require "dataworks.api.core_data"
local cjson = require "cjson"
local core = require "dataworks.core"
local ratio = require "bench.ratio"
local script = require "bench.script"

local function repeated(item, count)
  local list = {}
  for i = 1, count do list[i] = item end
  return list
end

local function timed(fn, value)
  return function(count)
    local start = os.clock()
    for _ = 1, count do fn(value) end
    return os.clock() - start
  end
end

local file = {
  FileId = 1000001, FileName = "orders_to_odps", FileType = 10, Owner = "7775674356", Content = "SHOW TABLES;",
  CreateTime = 1593879116000, UseFlag = "NORMAL", ParentId = -1, AutoParsing = true, IsMaxCompute = false,
  BizId = 1000001,
}
local content = core.encode(repeated(script, 10))
local fractions = {}
for i = 1, 1000 do fractions[i] = i * 1.25 end

ratio.header()
for _, row in ipairs {
  { "a short reply", { RequestId = "0bc1ec", Success = true, Data = { Status = "success", FileId = 1000001 } }, 20000 },
  { "100 files", { RequestId = "0bc1ec2a", Data = { TotalCount = 100, Files = repeated(file, 100) } }, 100 },
  { "a configuration", { Success = true, Data = { Status = "success", TaskContent = content } }, 500 },
  { "the script of a task", script, 2000 },
  { "1000 fractions", fractions, 100 },
} do
  local what, value, count = row[1], row[2], row[3]
  local text = assert(core.encode(value))
  ratio.print("decode: " .. what, timed(core.decode, text), timed(cjson.decode, text), count, 1)
  ratio.print("encode: " .. what, timed(core.encode, value), timed(cjson.encode, value), count, 1)
end
