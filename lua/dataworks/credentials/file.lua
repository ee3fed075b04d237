-- Reads files of credentials. A file is read again when it changes. Files of more than MAX_BYTES are refused.

local core = require "dataworks.core"
local failures = require "dataworks.util.credential_failure"

local M = {}

-- Even a configuration with hundreds of profiles is much smaller.
local MAX_BYTES = 1024 * 1024

--- Returns the path of a file: the given path, or else the value of a variable, or else the usual path in the home
--- directory.
---@param variable string the name of the environment variable
---@param usual string the usual path, relative to the home directory; begins with "/"
function M.find(given, getenv, variable, usual)
  local home = getenv "HOME"
  local path = given or getenv(variable) or home and home .. usual
  return path, not path and failures.not_configured "HOME is not set" or nil
end

--- Reads a file.
---@return string|nil text
---@return dataworks.CredentialFailure|nil
---@return string|nil stamp the stamp of the file, taken before the file was read
function M.read(path)
  local stamp, message, is_missing = core.stamp(path)
  if is_missing then
    return nil, failures.not_configured(path .. " does not exist")
  elseif not stamp then
    return nil, failures.new(("%s: %s"):format(path, message))
  end
  local file = io.open(path, "rb")
  if not file then
    return nil, failures.new(path .. " can't be read"), stamp
  end
  local text = file:read(MAX_BYTES + 1) or ""
  file:close()
  if #text > MAX_BYTES then
    return nil, failures.new(("%s has more than %d bytes"):format(path, MAX_BYTES)), stamp
  end
  return text, nil, stamp
end

---@class dataworks.WatchedFile
---@field path string
---@field parse fun(text: string): table|nil, string|nil
---@field stamp string|nil the stamp of the file when it was read
---@field document table|nil the result of `parse`
---@field failure dataworks.CredentialFailure|nil why there is no document
local WatchedFile = {}
WatchedFile.__index = WatchedFile

--- Creates a watched file. Does not read the file yet.
---@param parse fun(text: string): table|nil, string|nil returns the document, or nil and a reason that does not quote
--- the text
function M.watch(path, parse)
  return setmetatable({ path = path, parse = parse }, WatchedFile)
end

--- Returns the document in the file. While the file does not change, the same table is returned. If the file can't be
--- parsed, the last document is returned, because another program may be writing the file.
function WatchedFile:get()
  local stamp = core.stamp(self.path)
  if stamp and stamp == self.stamp then
    return self.document, self.failure
  end
  local text, failure, read_stamp = M.read(self.path)
  local document, message
  if text then
    document, message = self.parse(text)
    failure = not document and failures.new(("%s: %s"):format(self.path, message)) or nil
  elseif failure.not_configured then
    self.document = nil
  end
  self.stamp, self.document = read_stamp, document or self.document
  self.failure = not self.document and failure or nil
  return self.document, self.failure
end

--- Keeps the present document after this program has written the file. Without this call, the next `get` would read the
--- file again.
---@param size integer the number of bytes that were written
function WatchedFile:adopt(size)
  local stamp, length = core.stamp(self.path)
  if stamp and length == size then
    self.stamp = stamp
  end
end

return M
