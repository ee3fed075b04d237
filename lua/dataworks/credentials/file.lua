-- Files of credentials: of bounded size, and read again when they change.

local core = require "dataworks.core"
local failures = require "dataworks.util.credential_failure"

local M = {}

-- A configuration of hundreds of profiles is far below it.
local MAX_BYTES = 1024 * 1024

---@param path string
---@return string|nil text
---@return table|nil failure
---@return string|nil stamp of what was read
function M.read(path)
  local stamp, size, missing = core.stamp(path)
  if missing then
    return nil, failures.absent(path .. " does not exist")
  elseif not stamp then
    return nil, failures.new(("%s: %s"):format(path, size))
  elseif size > MAX_BYTES then
    return nil, failures.new(("%s has more than %d bytes"):format(path, MAX_BYTES)), stamp
  end
  local file, text = io.open(path, "rb"), nil
  if file then
    text = file:read(MAX_BYTES + 1)
    file:close()
  end
  if not file then
    return nil, failures.new(path .. " can't be read"), stamp
  elseif #(text or "") > MAX_BYTES then
    return nil, failures.new(("%s has more than %d bytes"):format(path, MAX_BYTES)), stamp
  end
  return text or "", nil, stamp
end

---@class dataworks.WatchedFile
---@field get fun(): table|nil, table|nil what it holds, or fields of an error
---@field adopt fun(size: integer) this program has written it: what was read before goes on to count

--- Gives what `parse` makes of a file: the same table while the file stays the same. While the file is spoilt, as when
--- it is being written, that is what it held before.
---@param path string
---@param parse fun(text: string): table|nil, string|nil and why it can't be read, without a word of the text
---@return dataworks.WatchedFile
function M.watch(path, parse)
  local stamp, document, failure
  local watch = {}

  function watch.get()
    local now = core.stamp(path)
    if now and now == stamp then
      return document, failure
    end
    local text, why, read = M.read(path)
    local parsed, wrong
    if text then
      parsed, wrong = parse(text)
      why = not parsed and failures.new(("%s: %s"):format(path, wrong)) or nil
    elseif why.absent then
      document = nil
    end
    stamp, document = read, parsed or document
    failure = not document and why or nil
    return document, failure
  end

  function watch.adopt(size)
    local now, length = core.stamp(path)
    if now and length == size then
      stamp = now
    end
  end

  return watch
end

--- For the providers that a document describes: what workers share is told apart by all that it says.
---@param host dataworks.CredentialHost
---@param document table
---@param wanted string|nil
---@return dataworks.CredentialHost
function M.host_of(host, document, wanted)
  return host.within and host.within(core.encode { document = document, wanted = wanted or "" }) or host
end

---@class dataworks.DescribingFile
---@field place fun(): string|nil, table|nil, string|nil the path, or fields of an error; and the name of what is wanted
---@field parse fun(text: string): table|nil, string|nil
---@field build fun(document: table, wanted: string|nil, path: string, watch: dataworks.WatchedFile):
---  dataworks.Provider|nil, table|nil

--- A provider that a file describes: another one when the file changes, or something else is wanted of it.
---@param name string
---@param file dataworks.DescribingFile
---@return dataworks.Provider
function M.provider(name, file)
  local path, wanted, watch, document, inner, failure

  local function look()
    local where, absent, now_wanted = file.place()
    if not where then
      return absent
    elseif where ~= path then
      path, document, watch = where, nil, M.watch(where, file.parse)
    end
    local latest, wrong = watch.get()
    if not latest then
      document = nil
      return wrong
    elseif latest ~= document or now_wanted ~= wanted then
      document, wanted = latest, now_wanted
      inner, failure = file.build(document, wanted, path, watch)
      failure = failure and failures.within(path, failure)
    end
    return failure
  end

  return {
    name = name,
    get = function(deadline)
      local wrong = look()
      if wrong then
        return nil, wrong
      end
      return inner.get(deadline)
    end,
    expire = function() return inner ~= nil and inner.expire() end,
  }
end

return M
