-- A provider whose configuration is in a file. When the file changes, an inner provider is built again from the file.

local core = require "dataworks.core"
local failures = require "dataworks.util.credential_failure"
local files = require "dataworks.credentials.file"

local M = {}

---@class dataworks.FileFormat
---@field name string the name of the provider
---@field find fun(fields: table, getenv: function): string|nil, dataworks.CredentialFailure|nil, string|nil returns
--- the path of the file, or nil and a failure; the third value is the name of the wanted entry
---@field parse fun(text: string): table|nil, string|nil
---@field build fun(document: table, entry: string|nil, host: dataworks.CredentialHost, file: dataworks.WatchedFile):
---  dataworks.Provider|nil, dataworks.CredentialFailure|nil

---@class dataworks.FileProvider: dataworks.Provider
---@field format dataworks.FileFormat
---@field fields table
---@field host dataworks.CredentialHost
---@field file dataworks.WatchedFile|nil
---@field document table|nil the document from which `inner` was built
---@field entry string|nil the name of the entry in the document from which `inner` was built
---@field inner dataworks.Provider|nil the provider that the file describes
---@field failure dataworks.CredentialFailure|nil why `inner` could not be built
local FileProvider = {}
FileProvider.__index = FileProvider

--- Builds the inner provider again if the file or the wanted entry has changed.
local function update(self)
  local format, host = self.format, self.host
  local path, not_configured, entry = format.find(self.fields, host.getenv)
  if not path then
    return not_configured
  elseif not self.file or path ~= self.file.path then
    self.file, self.document = files.watch(path, format.parse), nil
  end
  local document, failure = self.file:get()
  if not document then
    self.document = nil
    return failure
  elseif document ~= self.document or entry ~= self.entry then
    self.document, self.entry = document, entry
    -- Workers may share credentials only if their files have the same content, so the scope contains the whole
    -- document.
    local scope = host.shared and core.encode { document = document, wanted = entry or "" }
    self.inner, failure = format.build(document, entry, host.shared and host:scoped(scope) or host, self.file)
    self.failure = failure and failures.within(path, failure)
  end
  return self.failure
end

function FileProvider:get(deadline)
  local failure = update(self)
  if failure then
    return nil, failure
  end
  return self.inner:get(deadline)
end

--- Makes the inner provider forget its credentials.
---@return boolean may_differ whether the next credentials may be different ones
function FileProvider:expire()
  return self.inner ~= nil and self.inner:expire()
end

function M.new(format, fields, host)
  return setmetatable({ name = format.name, format = format, fields = fields, host = host }, FileProvider)
end

return M
