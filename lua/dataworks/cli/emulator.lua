-- The subcommand `emulator`. It runs the emulator until Ctrl-C, or while another command runs.

local exit_status = require "dataworks.cli.exit_status"

local M = {}

M.description = "Starts a program on 127.0.0.1 that behaves like the DataWorks service and needs no account. Prints "
  .. "the environment variables with which a client calls it, and runs until Ctrl-C. If a COMMAND is given after --, "
  .. "runs COMMAND with these variables, stops when COMMAND ends, and exits with the status of COMMAND."

M.arguments = { { "COMMAND", "the command to run, and its arguments", args = "*" } }

M.options = {
  { "--port", "N", "listen on port N; default: a free port", number = "any" },
  { "--tls", false, "serve https with a new certificate; the variable DATAWORKS_CA_FILE holds its path" },
}

M.examples = [[
  dataworks emulator
  dataworks emulator -- dataworks call ListFiles ProjectId=10000
]]

local MAX_PORT = 65535

--- Returns the environment variables with which a client calls the emulator, as a list of {name, value}.
local function client_variables(emulator)
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

--- Converts the results of os.execute to an exit status as a shell reports it. Lua 5.1 returns one number, which is the
--- status of wait(2). Later versions return a boolean, "exit" or "signal", and a number.
local function to_shell_status(first, how, code)
  if type(first) == "number" then
    return first > 255 and math.floor(first / 256) or first > 0 and 128 + first or 0
  end
  return how == "signal" and 128 + code or code or (first and 0 or 1)
end

--- Runs the command with the variables of the emulator, waits until it ends, and returns its exit status.
local function run_command(emulator, command, quote)
  local words = { "unset ALIBABA_CLOUD_SECURITY_TOKEN; export" }
  for _, variable in ipairs(client_variables(emulator)) do
    words[#words + 1] = variable[1] .. "=" .. quote(variable[2])
  end
  words[#words + 1] = "; exec"
  for _, word in ipairs(command) do
    words[#words + 1] = quote(word)
  end
  return to_shell_status(os.execute(table.concat(words, " ")))
end

--- Prints the variables of the emulator as shell commands, and waits until the emulator ends.
local function run_in_foreground(emulator, quote)
  print(("# The emulator is listening on %s until Ctrl-C."):format(emulator.endpoint))
  for _, variable in ipairs(client_variables(emulator)) do
    print(("export %s=%s"):format(variable[1], quote(variable[2])))
  end
  io.stdout:flush()
  emulator:wait()
  return 0
end

--- Starts an emulator, runs it until Ctrl-C or until the command ends, and stops it.
function M.run(args, context)
  if args.port and (args.port < 1 or args.port > MAX_PORT or args.port % 1 ~= 0) then
    context:wrong_use("--port must be a number from 1 to " .. MAX_PORT)
  end
  local emulator, message = require("dataworks.emulator.nginx").start { port = args.port, tls = args.tls }
  if not emulator then
    context.raise(exit_status.REFUSED, message)
  end
  local quote = require("dataworks.emulator.shell").quote
  -- Ctrl-C raises an error in the function below. This error is caught, so that the emulator is stopped.
  local ok, status = pcall(function()
    if args.command[1] then
      return run_command(emulator, args.command, quote)
    end
    return run_in_foreground(emulator, quote)
  end)
  emulator:stop()
  return ok and status or exit_status.INTERRUPTED
end

return M
