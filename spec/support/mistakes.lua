-- Reads and runs the mistakes of spec/mistakes. Each file is one mistake that users make: a heading that names it, the
-- script with the mistake, what the script prints, and the mended script. A script is Lua, shell commands, or the http
-- block of an nginx. The emulator is running, and the environment names its endpoint and its access key.
--
-- The heading can be followed by lines `name: value`:
--   files:  the files of spec/support/mistakes that the script finds in its folder
--   tls:    true: the emulator serves https
--   prints: a Lua pattern for what a mended script prints; default: what the mended script of the file prints

local emulators = require "spec.support.emulator"
local files = require "spec.support.files"
local native = require "spec.support.native"
local nginx = require "spec.support.nginx"
local ports = require "spec.support.ports"
local shell = require "spec.support.shell"

local M = {}

local FOLDER = "spec/mistakes/"
local LANGUAGES = { lua = true, sh = true, nginx = true }

---@class Mistake
---@field name string
---@field title string
---@field language "lua"|"sh"|"nginx"
---@field broken string the script with the mistake
---@field error string what it prints
---@field mended string the mended script
---@field files? string
---@field tls? string
---@field prints? string

--- Returns the names of all mistakes.
function M.names()
  local names = {}
  for name in shell.output("ls " .. FOLDER .. "*.md"):gmatch "([^/\n]+)%.md" do names[#names + 1] = name end
  return names
end

--- Reads one mistake. Raises an error if the file has another form.
---@return Mistake
function M.read(name)
  local text = files.read(FOLDER .. name .. ".md")
  local mistake, blocks, languages = { name = name, title = text:match "^# ([^\n]+)\n" }, {}, {}
  for language, code in text:gmatch "```(%l+)\n(.-)```" do
    blocks[#blocks + 1], languages[#languages + 1] = code, language
  end
  for field, value in text:match("^[^\n]+(.-)```"):gmatch "\n(%l+): ([^\n]+)" do mistake[field] = value end
  assert(mistake.title and #blocks == 3 and LANGUAGES[languages[1]] and languages[2] == "text"
    and languages[3] == languages[1], name .. ": expected a heading, a script, a text and a script of the same language")
  mistake.language, mistake.broken, mistake.error, mistake.mended = languages[1], blocks[1], blocks[2], blocks[3]
  return mistake
end

-- Running

local World = {}
World.__index = World

--- Writes a program that runs a Lua file with the arguments of the program.
local function write_program(path, preload, file)
  files.write(path, ("#!/bin/sh\nexport LD_PRELOAD=\"$LD_PRELOAD %s\"\nexec %s %s \"$@\"\n"):format(preload,
    shell.interpreter, shell.quote(shell.output "pwd" .. file)))
  shell.output("chmod +x " .. path)
end

--- Starts what the scripts need.
function M.start()
  local folder = shell.output "mktemp -d /tmp/dataworks-mistakes.XXXXXX"
  shell.output(("mv %s %s/names.so"):format(native.compile("spec/support/proxies/names.c", ""), folder))
  write_program(folder .. "/lua", folder .. "/names.so", "/spec/support/mistakes/launch.lua")
  write_program(folder .. "/dataworks", "", "/bin/dataworks")
  return setmetatable({ folder = folder, emulator = emulators.start(), tls = false }, World)
end

function World:stop()
  self.emulator:stop()
  if self.tls then self.tls:stop() end
  os.execute("rm -rf " .. self.folder)
end

--- Returns the emulator of a mistake. It has no tasks, and its configurations are ready at once.
local function emulator_of(self, mistake)
  if mistake.tls and not self.tls then self.tls = emulators.start { tls = true } end
  local emulator = mistake.tls and self.tls or self.emulator
  emulator:reset()
  emulator:settings { pending_calls = 0 }
  return emulator
end

--- Returns the lines of a shell script that set the environment. HOME is empty, and no name exists, so that nothing is
--- sent to another machine.
local function environment(self, emulator)
  local lines = {
    "unset http_proxy https_proxy all_proxy no_proxy HTTPS_PROXY HTTP_PROXY ALL_PROXY NO_PROXY DATAWORKS_CA_FILE",
    "unset ALIBABA_CLOUD_SECURITY_TOKEN ALIBABA_CLOUD_PROFILE",
    "export ALIBABA_CLOUD_ECS_METADATA_DISABLED=true ALIBABA_CLOUD_REGION_ID=cn-shanghai HOME=" .. self.folder .. "/home",
    ("export ALIBABA_CLOUD_ENDPOINT=%s ALIBABA_CLOUD_STS_ENDPOINT=%s"):format(emulator.endpoint, emulator.endpoint),
    ("export ALIBABA_CLOUD_ACCESS_KEY_ID=%s ALIBABA_CLOUD_ACCESS_KEY_SECRET=%s"):format(emulator.access_key_id,
      emulator.access_key_secret),
    emulator.ca_file and "export DATAWORKS_CA_FILE=" .. emulator.ca_file or "",
    ("export PATH=%s:$PATH"):format(self.folder),
  }
  return table.concat(lines, "\n") .. "\n"
end

local NGINX = [[
%s
daemon off;
master_process off;
pid nginx.pid;
error_log error.log warn;
env ALIBABA_CLOUD_ENDPOINT;
env ALIBABA_CLOUD_REGION_ID;
env ALIBABA_CLOUD_ACCESS_KEY_ID;
env ALIBABA_CLOUD_ACCESS_KEY_SECRET;
env ALIBABA_CLOUD_ECS_METADATA_DISABLED;
events { }
http {
access_log off;
lua_package_path "%s/lua/?.lua;;";
lua_package_cpath "%s/build/jit/?.so;;";
%s
}
]]

-- Prints the reply to a request. For an error page, prints the error of the log instead.
local ASK = [[
%s -p . -c nginx.conf -e error.log &
server=$!
i=0
while [ $i -lt 100 ] && ! curl -s --noproxy '*' -o reply http://127.0.0.1:%d/; do sleep 0.05; i=$((i + 1)); done
if [ ! -e reply ]; then echo "nginx did not start"; elif grep -q '^<html>' reply; then sed -n 's/.*runtime error: //p' error.log | head -1; else cat reply; fi
kill $server; wait $server 2>/dev/null
]]

--- Writes the script into an empty folder, and returns the command that runs it there.
local function prepare(self, mistake, script, top)
  shell.output(("rm -rf %s/scripts %s/home; mkdir %s/scripts %s/home"):gsub("%%s", self.folder))
  local work = self.folder .. "/scripts"
  for name in (mistake.files or ""):gmatch "[^%s,]+" do
    files.write(work .. "/" .. name, files.read("spec/support/mistakes/" .. name))
  end
  if mistake.language == "nginx" then
    local port = ports.random()
    script = script:gsub("listen 8000", "listen 127.0.0.1:" .. port)
    files.write(work .. "/nginx.conf", NGINX:format(nginx.lua_lines(), top, top, script))
    return ASK:format("env -u LD_PRELOAD -u LUA_PATH -u LUA_CPATH " .. nginx.path(), port)
  end
  files.write(work .. "/script." .. mistake.language, script)
  return mistake.language == "lua" and "lua script.lua" or ". ./script.sh"
end

--- Replaces what differs from run to run.
local function normalize(self, emulator, text)
  return (text:gsub("\nstack traceback:.*", "\n"):gsub(("127.0.0.1:" .. emulator.port):gsub("%p", "%%%0"), "127.0.0.1:8080")
    :gsub("after %d+ ms", "after 1 ms"):gsub(":" .. emulator.port, ":8080"):gsub(self.folder:gsub("%p", "%%%0") .. "/scripts/", ""):gsub(self.folder:gsub("%p", "%%%0") .. "/home", "/home/user")
    :gsub("%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x+", "0A1B2C3D-0000-0000-0000-000000000000")
    :gsub("ClientToken %x%x%x%x%x%x%x%x%x%x%x%x+", "ClientToken 0a1b2c3d"))
end

--- Runs a script once.
local function run_once(self, mistake, script)
  local emulator, top = emulator_of(self, mistake), shell.output "pwd"
  local command = prepare(self, mistake, script, top)
  files.write(self.folder .. "/run.sh", ("TOP=%s\n%scd %s/scripts\n%s\n"):format(shell.quote(top),
    environment(self, emulator), self.folder, command))
  local search = ("LUA_PATH=%s LUA_CPATH=%s"):format(shell.quote(top .. "/lua/?.lua;;"),
    shell.quote(top .. "/build/" .. shell.lua .. "/?.so;;"))
  local output, status = shell.run(("%s timeout 60 sh %s/run.sh 2>%s/stderr </dev/null"):format(search, self.folder,
    self.folder))
  local errors = files.read(self.folder .. "/stderr")
  return normalize(self, emulator, output .. errors), status == 0 and errors == ""
end

--- Runs a script of a mistake. An nginx whose port is taken gets another port.
---@param mistake Mistake
---@param script string
---@return string output what it printed
---@return boolean succeeded whether it ended with status 0 and wrote nothing to stderr
function World:run(mistake, script)
  local output, succeeded
  for _ = 1, 3 do
    output, succeeded = run_once(self, mistake, script)
    if not output:find("nginx did not start", 1, true) then break end
  end
  return output, succeeded
end

--- Returns whether a script mends the mistake: it succeeds, and prints what the mended script of the file prints, apart
--- from numbers.
---@param mistake Mistake
---@param script string
---@return boolean mends
---@return string output
function World:mends(mistake, script)
  local output, succeeded = self:run(mistake, script)
  if mistake.prints then
    return output:find(mistake.prints) ~= nil, output
  elseif not succeeded or output == "" then
    return false, output
  end
  return output:gsub("%d+", "N") == (self:run(mistake, mistake.mended)):gsub("%d+", "N"), output
end

return M
