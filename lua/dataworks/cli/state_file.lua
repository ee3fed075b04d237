-- Keeps the state of a command in a file, so that the same command goes on after a crash. The file is written before
-- each call, and replaced as a whole; only its owner can read it.

local core = require "dataworks.core"
local dataworks = require "dataworks"
local exit_status = require "dataworks.cli.exit_status"

local M = {}

-- Bytes. Beside the file, there are files whose names are a little longer.
local MAX_FILE_NAME = 200

-- Seconds.
local POLL_INTERVAL = 0.2
local WAIT_TIMEOUT = 600

---@class dataworks.cli.StateFile
---@field path string
---@field content table
local StateFile = {}
StateFile.__index = StateFile

--- Returns the default folder of the states; nil if the environment does not name one.
---@return string|nil
function M.folder()
  local state, home = os.getenv "XDG_STATE_HOME", os.getenv "HOME"
  if state and state ~= "" then
    return state .. "/dataworks"
  end
  return home and home ~= "" and home .. "/.local/state/dataworks" or nil
end

--- Returns the default path for a task. A file system takes names of at most 255 bytes; a longer one is cut, and the
--- digest of the whole name keeps it unique.
local function default_path(folder, project, name)
  local safe = name:gsub("[^%w_.-]", function(char) return ("%%%02X"):format(char:byte()) end)
  local file = ("%s-%s"):format(project, safe)
  if #file + #".json" > MAX_FILE_NAME then
    local digest = "-" .. core.digest(file)
    file = file:sub(1, MAX_FILE_NAME - #digest - #".json") .. digest
  end
  return ("%s/%s.json"):format(folder, file)
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

--- Waits until no other process uses the state, and locks it until this process ends. Returns whether there was another
--- process.
---@return boolean has_waited
local function lock(context, path)
  local deadline, has_waited = core.clock() + (context.args.wait_timeout or WAIT_TIMEOUT), false
  while true do
    -- Some file systems have no locks; there, the command goes on without one.
    if core.lock(path .. ".lock") ~= false then
      return has_waited
    elseif core.clock() > deadline then
      context.raise(exit_status.UNFINISHED, "another process still creates this task",
        "go on with: " .. context.command_line)
    end
    has_waited = true
    context.progress:step "waiting for another process that creates this task"
    dataworks.sleep(POLL_INTERVAL)
  end
end

--- Creates the folder of the states. Ends the command if that fails.
---@return string folder
local function create_folder(context)
  local folder = M.folder()
  if not folder then
    context:wrong_use("HOME is not set, so that there is no folder for the state",
      "Set HOME or XDG_STATE_HOME, or name a file with --state FILE.")
  end
  local problem = core.run({ "sh", "-c", 'mkdir -p -m 700 -- "$0" 2>&1 || :', folder }, 10, 4096)
  if problem ~= "" then
    context:wrong_use("the folder of the state cannot be created: "
      .. (problem and problem:match "^[^\n]*" or folder), "Set XDG_STATE_HOME, or name a file with --state FILE.")
  end
  return folder
end

--- Reads a file. Refuses anything else, such as a device, which may have no end.
---@return string|nil text
---@return string|nil message
---@return boolean|nil is_missing
local function read_regular(path)
  local stamp, problem, is_missing = core.stamp(path)
  if not stamp then
    return nil, ("%s: %s"):format(path, problem), is_missing
  end
  local file, message = io.open(path, "rb")
  if not file then
    return nil, message
  end
  local text
  text, message = file:read "*a"
  file:close()
  return text, message
end

--- Returns what is wrong with the content of a file if it is not a state; nil if it is one.
local function find_mistake(content)
  if type(content) ~= "table" or core.encode(content, true):sub(1, 1) ~= "{" then
    return "not an object"
  end
  for name, value in pairs(content) do
    if name ~= "flow" and name ~= "task" then
      return "it has the member " .. tostring(name)
    elseif type(value) ~= "table" then
      return ("its member %s is not an object"):format(name)
    end
  end
end

--- Opens the state of a task. The content is empty if there is no file.
---@param context dataworks.cli.Context
---@param path string
---@return dataworks.cli.StateFile
local function open(context, path)
  local self = setmetatable({ path = path, content = {}, context = context }, StateFile)
  local text, message, is_missing = read_regular(path)
  if not text and not is_missing then
    -- A state that cannot be read may be of a task that exists.
    context:wrong_use(("the state cannot be read: %s"):format(message), "Name another file with --state FILE.")
  elseif text then
    local content, err = dataworks.decode(text)
    local problem = err and err.message or find_mistake(content)
    if problem then
      context:wrong_use(("%s is not a state of this command: %s"):format(path, problem),
        "Name another file with --state FILE. If this file should be the state, remove it only if you know that the "
          .. "task was not created.")
    end
    self.content = content
  end
  return self
end

--- Opens the state of a task, and locks it until the command ends. Waits as long as another process has the lock.
---@param context dataworks.cli.Context
---@param path string|nil default: a file in the folder of the states
---@return dataworks.cli.StateFile state
---@return boolean has_waited
function M.open_locked(context, path, project, name)
  path = path or default_path(create_folder(context), project, name)
  local has_waited = lock(context, path)
  context:at_end(function() os.remove(path .. ".lock") end) -- the lock itself ends with the process
  return open(context, path), has_waited
end

--- Removes the state of a task from the default folder, if it is there.
function M.forget(project, name)
  local folder = M.folder()
  if folder then
    os.remove(default_path(folder, project, name))
  end
end

return M
