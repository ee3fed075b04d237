local commands = require "dataworks.cli.commands"
local parser = require "dataworks.cli.parser"
local plain_arguments = require "dataworks.cli.plain_arguments"
local shell = require "spec.support.shell"

local VALUES = { "json", "5", "a=b", "-", "", "x y", "--", "-x", "-vv", "--all=1", "--=", "=", "--no-such", "-o", "json", "RUN", "words", "é" }

--- Returns a command line of random words: names of options, alone and with values, and other words.
local function random_line(command)
  local names, line = {}, {}
  for _, list in ipairs { command.options or {}, parser.GLOBAL_OPTIONS } do
    for _, option in ipairs(list) do
      for name in option[1]:gmatch "%S+" do names[#names + 1] = name end
    end
  end
  for i = 1, math.random(0, 5) do
    local name, value = names[math.random(#names)], VALUES[math.random(#VALUES)]
    local kind = math.random(5)
    line[i] = kind == 1 and name .. "=" .. value or kind <= 3 and name or value
  end
  return line
end

--- Returns what argparse makes of a line; nil if it finds a fault.
local function with_argparse(name, command, line)
  local parse = plain_arguments.parse
  plain_arguments.parse = function() end
  local args, faults = parser.parse(name, command, line)
  plain_arguments.parse = parse
  return args, faults
end

describe("plain arguments", function()
  it("are parsed as argparse parses them", function()
    math.randomseed(1)
    local plain = 0
    for _, entry in ipairs(commands.list) do
      local command = commands.load(entry[1])
      for _ = 1, 40 do
        local line = random_line(command)
        if plain_arguments.parse(command, parser.GLOBAL_OPTIONS, parser.target, line) then
          plain = plain + 1
          local shown = entry[1] .. ": " .. table.concat(line, " | ")
          assert.same({ with_argparse(entry[1], command, line) }, { parser.parse(entry[1], command, line) }, shown)
        end
      end
    end
    assert.is_true(plain > 100, plain .. " lines were plain")
  end)

  for _, line in ipairs {
    { "-vv" }, { "-d@file" }, { "--", "-x" }, { "--data", "-x" }, { "--all=1" }, { "--no-such" }, { "--data" }, { "-qo", "json" },
  } do
    it(("do not contain `%s`, which argparse parses"):format(table.concat(line, " ")), function()
      assert.is_nil(plain_arguments.parse(commands.load "call", parser.GLOBAL_OPTIONS, parser.target, { "ListFiles", (table.unpack or unpack)(line) }))
    end)
  end

  it("leave argparse unloaded", function()
    local output = shell.output(([[%s -e '
      package.preload.argparse = function() error "loaded" end
      local args = require("dataworks.cli.parser").parse("call", require "dataworks.cli.call",
        { "ListFiles", "A=1", "-o", "jsonl", "--all", "--region=cn-shanghai", "B=2", "-d", "-" })
      print(args.action, args.parameter[1], args.parameter[2], args.output, args.all, args.region, args.data, args.v)']])
      :format(shell.interpreter))
    assert.equal("ListFiles\tA=1\tB=2\tjsonl\ttrue\tcn-shanghai\t-\t0", output)
  end)
end)
