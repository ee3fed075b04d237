-- The command `dataworks`.

local M = {}

local USAGE = [=[
usage: dataworks emulator [--port N] [--tls] [-- COMMAND [ARGUMENT...]]
       dataworks --version
       dataworks help

dataworks emulator starts a DataWorks service on 127.0.0.1 that needs no account, prints the environment
that points a client at it, and runs until Ctrl-C. With a COMMAND it runs that in this environment, stops
when the command ends, and exits with the command's status.

  --port N   listen on this port; a free one is taken otherwise
  --tls      serve https with a certificate made on start; DATAWORKS_CA_FILE names it
]=]

local function wrong_usage(message)
  io.stderr:write("dataworks: ", message, "\n", USAGE)
  return 2
end

local function parse_emulator(arguments)
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
      if not options.port or options.port < 1 or options.port > 65535 then
        return nil, "--port must be a number from 1 to 65535"
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

--- What a client needs to reach an emulator, as {name, value} in the order it is shown.
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

--- The shell's status of what os.execute returns: three values, or in Lua 5.1 the number wait(2) gives.
local function exit_status(first, how, code)
  if type(first) == "number" then
    return first > 255 and math.floor(first / 256) or first > 0 and 128 + first or 0
  end
  return how == "signal" and 128 + code or code or (first and 0 or 1)
end

local function run_command(emulator, command, quote)
  local words = { "unset ALIBABA_CLOUD_SECURITY_TOKEN; export" }
  for _, pair in ipairs(environment_of(emulator)) do
    words[#words + 1] = pair[1] .. "=" .. quote(pair[2])
  end
  words[#words + 1] = "; exec"
  for _, word in ipairs(command) do
    words[#words + 1] = quote(word)
  end
  return exit_status(os.execute(table.concat(words, " ")))
end

local function run_in_foreground(emulator, quote)
  print(("# The emulator is listening on %s until Ctrl-C."):format(emulator.endpoint))
  for _, pair in ipairs(environment_of(emulator)) do
    print(("export %s=%s"):format(pair[1], quote(pair[2])))
  end
  io.stdout:flush()
  local waited = pcall(emulator.wait, emulator)
  return waited and 0 or 130
end

local function emulator(arguments)
  local options, message = parse_emulator(arguments)
  if not options then
    return wrong_usage(message)
  end
  local nginx = require "dataworks.emulator.nginx"
  local started
  started, message = nginx.start(options)
  if not started then
    io.stderr:write("dataworks: ", message, "\n")
    return 1
  end
  local ok, status
  if options.command then
    ok, status = pcall(run_command, started, options.command, nginx.quote)
  else
    ok, status = pcall(run_in_foreground, started, nginx.quote)
  end
  started:stop()
  return ok and status or 130
end

local function version()
  print(require("dataworks")._VERSION)
  return 0
end

local function help()
  io.stdout:write(USAGE)
  return 0
end

local COMMANDS = {
  emulator = emulator,
  ["--version"] = version,
  version = version,
  help = help,
  ["--help"] = help,
  ["-h"] = help,
}

--- Runs the command.
---@param arguments string[]
---@return integer status for the shell
function M.run(arguments)
  local command = COMMANDS[arguments[1]]
  if not command then
    local name = arguments[1]
    return wrong_usage(name and ("there is no command %q"):format(name) or "a command is missing")
  end
  return command(arguments)
end

return M
