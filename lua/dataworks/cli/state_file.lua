-- Keeps the state of a command in a file, so that the same command goes on after a crash. The file is written before
-- each call, and replaced as a whole; only its owner can read it.

local core = require "dataworks.core"
local dataworks = require "dataworks"
local exit_status = require "dataworks.cli.exit_status"

local M = {}

local ENOENT = 2

---@class dataworks.cli.StateFile
---@field path string
---@field content table
local StateFile = {}
StateFile.__index = StateFile

--- Returns the default folder of the states.
function M.folder()
  local home = os.getenv "XDG_STATE_HOME"
  if not home or home == "" then
    home = (os.getenv "HOME" or ".") .. "/.local/state"
  end
  return home .. "/dataworks"
end

--- Returns the default path for a task.
local function default_path(project, name)
  local safe = name:gsub("[^%w_.-]", function(char) return ("%%%02X"):format(char:byte()) end)
  return ("%s/%s-%s.json"):format(M.folder(), project, safe)
end

--- Writes the state. Ends the command if it can't be written, because the command could not go on then.
function StateFile:write(changes)
  for name, value in pairs(changes or {}) do
    self.content[name] = value
  end
  local text = assert(core.encode(self.content, true))
  local ok, message = core.write_private(self.path, text .. "\n")
  if not ok then
    self.context.raise(exit_status.WRONG_USE, ("the state cannot be written to %s: %s"):format(self.path, message),
      "The command stopped before its next call. Name another file with --state FILE.")
  end
end

--- Removes the file.
function StateFile:remove()
  os.remove(self.path)
  self.content = {}
end

--- Opens the state of a task. The content is empty if there is no file.
---@param context dataworks.cli.Context
---@param path string|nil default: a file in the folder of the states
---@return dataworks.cli.StateFile
function M.open(context, path, project, name)
  if not path then
    path = default_path(project, name)
    core.run({ "mkdir", "-p", "-m", "700", M.folder() }, 10, 4096)
  end
  local self = setmetatable({ path = path, content = {}, context = context }, StateFile)
  local file, message, code = io.open(path, "rb")
  local text
  if file then
    text, message = file:read "*a"
    file:close()
  end
  if not text and code ~= ENOENT then
    -- A state that cannot be read may be of a task that exists.
    context:wrong_use(("the state cannot be read: %s"):format(message), "Name another file with --state FILE.")
  elseif text then
    local content, err = dataworks.decode(text)
    if type(content) ~= "table" or core.encode(content, true):sub(1, 1) ~= "{" then
      context:wrong_use(("%s is not a state of this command: %s"):format(path, err and err.message or "not an object"),
        "Remove the file only if you know that the task was not created.")
    end
    self.content = content
  end
  return self
end

return M
