-- Runs the inputs in spec/fuzz of each fuzz target, and counts which lines of the target's functions run:
-- lua5.4 tools/fuzz_coverage.lua BUILD [TARGET...]
-- Prints the lines that no input reaches, and fails if a target reaches less than 90 % of the lines.
--
-- `covers` in spec/fuzz/targets lists files, each with the names of functions or without. gcov counts the lines of C,
-- and a debug hook those of Lua.

local MIN = 0.9
local FOLDER = arg[1] -- has the C code that is built for gcov

local cjson = require "cjson"
local corpora = require "spec.fuzz.corpora"

local function output_of(command, ...)
  local pipe = assert(io.popen(command:format(...)))
  local text = pipe:read "*a"
  assert(pipe:close(), command)
  return text
end

--- In a process of its own: runs the inputs of a target, and writes the lines of Lua that run, each as PATH:LINE.
local function replay(name)
  local ran = {}
  debug.sethook(function(_, line)
    local source = debug.getinfo(2, "S").source
    ran[source] = ran[source] or {}
    ran[source][line] = true
  end, "l")
  local target = require("spec.fuzz.targets")[name]
  for _, folder in ipairs { "seeds", "corpus" } do
    for _, input in ipairs(corpora.read(("spec/fuzz/%s/%s"):format(folder, name))) do target.run(input) end
  end
  debug.sethook()
  for source, lines in pairs(ran) do
    for line in pairs(lines) do print(("%s:%d"):format(source:match "lua/dataworks.*$" or source, line)) end
  end
end

--- Returns the lines of a Lua file for which luac makes code, by their numbers. `names` selects functions.
local function lines_of_lua(path, names, ran)
  local source, lines, wanted = {}, {}, names == nil
  for line in io.lines(path) do source[#source + 1] = line end
  for line in output_of("luac5.4 -l -l -p %s", path):gmatch "[^\n]+" do
    local first = line:match "^function <.*:(%d+),%d+>" or line:match "^main <.*:(%d+),%d+>"
    if first and names then
      wanted = names[(source[tonumber(first)] or ""):match "function [%w_.:]-([%w_]+)%(" or ""] ~= nil
    end
    local number = tonumber(line:match "^\t%d+\t%[(%d+)%]")
    if number and wanted and not source[number]:find "^%s*[end%)%]},;]*$" and not source[number]:find "^%s*%-%-" then
      lines[number] = ran[("%s:%d"):format(path, number)] or false
    end
  end
  return lines
end

--- Returns the lines of the functions of a C file, by their numbers.
local function lines_of_c(path, names)
  local lines = {}
  for text in output_of("gcov -j -t %s/obj/%s.gcno 2>/dev/null", FOLDER, path:match "^csrc/(.*)%.c$"):gmatch "[^\n]+" do
    for _, file in ipairs(cjson.decode(text).files) do
      for _, line in ipairs(file.file == path and file.lines or {}) do
        if not names or names[line.function_name] then lines[line.line_number] = line.count > 0 end
      end
    end
  end
  return lines
end

--- Counts the lines of a target that run. Returns the share, and the lines that do not run.
local function measure(name, covers)
  local ran, total, count, missed = {}, 0, 0, {}
  output_of("find %s -name '*.gcda' -delete", FOLDER)
  for line in output_of("lua5.4 tools/fuzz_coverage.lua --replay %s", name):gmatch "[^\n]+" do ran[line] = true end
  for _, entry in ipairs(covers) do
    local path, list = entry:match "^([^:]+):?(.*)$"
    local names
    for word in list:gmatch "[%w_]+" do
      names = names or {}
      names[word] = true
    end
    local numbers = {}
    for number, has_run in pairs((path:find "%.c$" and lines_of_c or lines_of_lua)(path, names, ran)) do
      total, count = total + 1, count + (has_run and 1 or 0)
      if not has_run then numbers[#numbers + 1] = number end
    end
    table.sort(numbers)
    if #numbers > 0 then missed[#missed + 1] = path .. ":" .. table.concat(numbers, ",") end
  end
  assert(total > 0, name .. " covers no line")
  return count / total, missed
end

if arg[1] == "--replay" then return replay(arg[2]) end

local targets, names, poor = require "spec.fuzz.targets", { table.unpack(arg, 2) }, {}
if #names == 0 then
  for name in pairs(targets) do names[#names + 1] = name end
  table.sort(names)
end
for _, name in ipairs(names) do
  local share, missed = measure(name, targets[name].covers)
  local rest = share == 1 and "" or ", without " .. table.concat(missed, " ")
  print(("%s: %.0f %% of the lines%s"):format(name, math.floor(100 * share), rest))
  if share < MIN then poor[#poor + 1] = name end
end
if #poor > 0 then
  print(("less than %g %%: %s"):format(100 * MIN, table.concat(poor, ", ")))
  os.exit(false)
end
