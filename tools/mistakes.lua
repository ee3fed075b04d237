-- Shows the mistakes of spec/mistakes without their solutions, and checks solutions.
--
--     make build
--     lua5.4 tools/mistakes.lua list                the names of all mistakes
--     lua5.4 tools/mistakes.lua show NAME           a script with a mistake, and what it prints
--     lua5.4 tools/mistakes.lua check NAME FILE     does the script in FILE mend the mistake?
--     lua5.4 tools/mistakes.lua check-all FOLDER    the same for each FOLDER/NAME.*
--     lua5.4 tools/mistakes.lua record NAME...      writes what the script prints now into spec/mistakes/NAME.md

package.path = "lua/?.lua;?.lua;" .. package.path
package.cpath = "build/5.4/?.so;" .. package.cpath

local files = require "spec.support.files"
local mistakes = require "spec.support.mistakes"
local shell = require "spec.support.shell"

local WHAT = {
  lua = "A Lua script, run with: lua script.lua",
  sh = "Shell commands. `lua` is the interpreter, `dataworks` the command of the library",
  nginx = "The http block of an nginx; then somebody requests http://127.0.0.1:8000/",
}

local commands = {}

--- Calls fn with a running world, and stops the world.
local function in_world(fn)
  local world = mistakes.start()
  local ok, message = pcall(fn, world)
  world:stop()
  if not ok then error(message, 0) end
end

local function check(world, name, path)
  local mends, output = world:mends(mistakes.read(name), files.read(path))
  print((mends and "mended " or "NOT MENDED ") .. name .. (mends and "" or "\n" .. output))
  return mends
end

function commands.list()
  for _, name in ipairs(mistakes.names()) do print(name) end
end

function commands.show(name)
  local mistake = mistakes.read(name)
  print(WHAT[mistake.language] .. (mistake.tls and ". The service uses https" or ""))
  print "The environment has the variables that `dataworks emulator` prints; the emulator is running"
  for file in (mistake.files or ""):gmatch "[^%s,]+" do
    print(("\n%s, beside the script:\n\n%s"):format(file, files.read("spec/support/mistakes/" .. file)))
  end
  print(("\n%s\nIt prints:\n\n%s"):format(mistake.broken, mistake.error))
end

function commands.check(name, path)
  in_world(function(world)
    if not check(world, name, path) then os.exit(1) end
  end)
end

commands["check-all"] = function(folder)
  in_world(function(world)
    local mended, total = 0, 0
    for path in shell.output("ls " .. shell.quote(folder) .. "/*"):gmatch "[^\n]+" do
      total = total + 1
      mended = mended + (check(world, path:match "([^/]*)%.%l+$", path) and 1 or 0)
    end
    print(("%d of %d mended"):format(mended, total))
  end)
end

function commands.record(...)
  local names = { ... }
  in_world(function(world)
    for _, name in ipairs(names) do
      local mistake, path = mistakes.read(name), "spec/mistakes/" .. name .. ".md"
      local output, text = world:run(mistake, mistake.broken), files.read(path)
      local first, last = text:find("```text\n" .. mistake.error .. "```", 1, true)
      files.write(path, text:sub(1, first - 1) .. "```text\n" .. output .. "```" .. text:sub(last + 1))
    end
  end)
end

local command = commands[arg[1]]
if not command then
  io.stderr:write "usage: lua5.4 tools/mistakes.lua list|show|check|check-all|record [NAME] [FILE]\n"
  os.exit(2)
end
command((table.unpack or unpack)(arg, 2))
