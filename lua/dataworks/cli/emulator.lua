-- The subcommand emulator: runs the emulator in the foreground, or beside another command.

local M = {}

M.SYNOPSIS = "dataworks emulator [--port N] [--tls] [-- COMMAND [ARGUMENT...]]"

M.DESCRIPTION = [=[
dataworks emulator starts a program on 127.0.0.1 that behaves like the DataWorks service and needs no account.
It prints environment variables with which a client calls it, and runs until Ctrl-C. If a COMMAND is given, the
emulator runs the command with these variables, stops when the command ends, and exits with its status.

  --port N   listen on port N; without this option, the emulator takes a free port
  --tls      serve https with a certificate that is made at the start; DATAWORKS_CA_FILE is its path
]=]

local MAX_PORT = 65535

local function parse(arguments)
  local options, i = {}, 2
  while arguments[i] do
    local argument = arguments[i]
    local port = argument:match("^%-%-port=(.*)$") or argument == "--port" and (arguments[i + 1] or "")
    if argument == "--" then
      options.command = { (table.unpack or unpack)(arguments, i + 1) }
      break
    elseif argument == "--tls" then
      options.tls = true
    elseif port then
      options.port = port:find("^%d+$") and tonumber(port)
      if not options.port or options.port < 1 or options.port > MAX_PORT then
        return nil, "--port must be a number from 1 to " .. MAX_PORT
      end
      i = i + (argument == "--port" and 1 or 0)
    else
      return nil, ("unknown argument %q; the emulator takes --port, --tls and -- COMMAND"):format(argument)
    end
    i = i + 1
  end
  if options.command and #options.command == 0 then
    return nil, "a COMMAND must follow --"
  end
  return options
end

--- The variables that point a client at an emulator, as {name, value} in the order shown.
local function environment_of(emulator)
  local credentials = require "dataworks.emulator.credentials"
  local list = {
    { "ALIBABA_CLOUD_ENDPOINT", emulator.endpoint },
    { "ALIBABA_CLOUD_STS_ENDPOINT", emulator.endpoint },
    { "ALIBABA_CLOUD_REGION_ID", "cn-shanghai" },
    { "ALIBABA_CLOUD_ACCESS_KEY_ID", credentials[1].access_key_id },
    { "ALIBABA_CLOUD_ACCESS_KEY_SECRET", credentials[1].access_key_secret },
  }
  if emulator.ca_file then
    list[#list + 1] = { "DATAWORKS_CA_FILE", emulator.ca_file }
  end
  return list
end

--- Converts the results of os.execute (in Lua 5.1 the number of wait(2)) to the exit status of a shell.
local function exit_status(first, how, code)
  if type(first) == "number" then
    return first > 255 and math.floor(first / 256) or first > 0 and 128 + first or 0
  end
  return how == "signal" and 128 + code or code or (first and 0 or 1)
end

local function run_command(emulator, command, quote)
  local words = { "unset ALIBABA_CLOUD_SECURITY_TOKEN; export" }
  for _, variable in ipairs(environment_of(emulator)) do
    words[#words + 1] = variable[1] .. "=" .. quote(variable[2])
  end
  words[#words + 1] = "; exec"
  for _, word in ipairs(command) do
    words[#words + 1] = quote(word)
  end
  return exit_status(os.execute(table.concat(words, " ")))
end

local function run_in_foreground(emulator, quote)
  print(("# The emulator is listening on %s until Ctrl-C."):format(emulator.endpoint))
  for _, variable in ipairs(environment_of(emulator)) do
    print(("export %s=%s"):format(variable[1], quote(variable[2])))
  end
  io.stdout:flush()
  emulator:wait()
  return 0
end

---@param arguments string[] begins with the name of the subcommand
---@return integer|nil status
---@return string|nil message when the arguments are wrong
function M.run(arguments)
  local options, wrong = parse(arguments)
  if not options then
    return nil, wrong
  end
  local emulator, message = require("dataworks.emulator.nginx").start(options)
  if not emulator then
    io.stderr:write("dataworks: ", message, "\n")
    return 1
  end
  local quote = require("dataworks.emulator.shell").quote
  -- Ctrl-C raises an error here. Stop the emulator even then.
  local ok, status = pcall(function()
    if options.command then
      return run_command(emulator, options.command, quote)
    end
    return run_in_foreground(emulator, quote)
  end)
  emulator:stop()
  return ok and status or 130
end

return M
