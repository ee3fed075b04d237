-- Runs the command `dataworks` as a process, as a shell does.

local files = require "spec.support.files"
local shell = require "spec.support.shell"

local M = {}

local quote = shell.quote

--- Returns the variables with which the command calls an emulator.
function M.variables(emulator)
  return {
    ALIBABA_CLOUD_ENDPOINT = emulator.endpoint, ALIBABA_CLOUD_REGION_ID = "cn-shanghai",
    ALIBABA_CLOUD_ACCESS_KEY_ID = emulator.access_key_id, ALIBABA_CLOUD_ACCESS_KEY_SECRET = emulator.access_key_secret,
  }
end

--- Returns the command line as the shell reads it. HOME is an empty folder, so that no file of the user counts.
---@param arguments string
---@param options { env?: table<string, string>, folder: string }
local function line(arguments, options)
  local words = { "env -u LD_PRELOAD HOME=" .. options.folder }
  for name, value in pairs(options.env or {}) do
    words[#words + 1] = name .. "=" .. quote(value)
  end
  return table.concat(words, " ") .. (" %s bin/dataworks %s"):format(shell.interpreter, arguments)
end
M.line = line

--- Runs the command.
---@param arguments string
---@param options? { env?: table<string, string>, input?: string, terminal?: boolean } terminal = true: runs it on a
--- pseudo-terminal, where its output and its errors are one text
---@return { out: string, err: string, status: integer }
function M.run(arguments, options)
  options = options or {}
  local folder = shell.output "mktemp -d"
  local command = line(arguments, { env = options.env, folder = folder })
  if options.terminal then
    command = "script -qec " .. quote(command) .. " /dev/null"
  end
  files.write(folder .. "/input", options.input or "")
  local _, status = shell.run(("%s <%s/input >%s/out 2>%s/err"):format(command, folder, folder, folder))
  local result = { out = files.read(folder .. "/out"), err = files.read(folder .. "/err"), status = status }
  shell.output("rm -r " .. folder)
  return result
end

return M
