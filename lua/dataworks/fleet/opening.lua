-- Reads a manifest, and opens its ledger.

local databases = require "dataworks.database.database"
local endpoints = require "dataworks.api.endpoints"
local errors = require "dataworks.error"
local ledgers = require "dataworks.fleet.ledger"
local live_check = require "dataworks.fleet.live_check"
local manifests = require "dataworks.fleet.manifest"
local tables = require "dataworks.util.tables"

local M = {}

local ENOENT = 2
local SCHEMES = tables.set_of "sqlite postgres postgresql"

--- Returns the path of the ledger that a manifest has if no other is named; nil if the manifest is no file in a folder.
---@param manifest dataworks.fleet.Manifest
---@return string|nil
function M.default_ledger(manifest)
  if (manifest.path or ""):find "^/dev/" or (manifest.path or ""):find "^/proc/" then
    return nil
  end
  return (manifest.path and manifest.path:match "^(.*/)" or "") .. ".dataworks.db"
end

--- Returns the index after the UTF-8 character at an index.
local function after(name, index)
  return name:find("[^\128-\191]", index + 1) or #name + 1
end

--- Returns whether a name matches a pattern with * and ?, in a time that grows with the product of their lengths.
local function is_match(glob, name)
  local at, place, star, resume = 1, 1, nil, nil
  while place <= #name do
    local char = glob:sub(at, at)
    if char == "*" then
      star, resume, at = at, place, at + 1
    elseif char == "?" then
      at, place = at + 1, after(name, place)
    elseif char == name:sub(place, place) then
      at, place = at + 1, place + 1
    elseif star then
      resume = after(name, resume)
      at, place = star + 1, resume
    else
      return false
    end
  end
  return glob:find("^%**$", at) ~= nil
end

--- Returns a function that tells whether a name matches a pattern; without a pattern, each name does.
---@param glob? string
---@return fun(name: string): boolean
function M.matcher(glob)
  return function(name) return not glob or is_match(glob, name) end
end

--- Returns an error about the first faults of a manifest. Its field `faults` of the second result has all of them.
local function refuse(faults)
  local first = faults[1]
  return errors.new {
    kind = "invalid", sent = false, path = first.path, line = first.line, column = first.column,
    message = first.message .. (#faults > 1 and (" (and %d more faults)"):format(#faults - 1) or ""),
  }
end

--- Returns why a path or a URL cannot be that of a ledger, and what to do; nil if it can.
local function find_mistake(url)
  if not url then
    return "is missing", "The manifest is no file in a folder, so that a ledger must be named."
  elseif databases.path(url) == "" or databases.path(url) == ":memory:" then
    return ("%s names no file"):format(url), "A ledger that is not kept would forget which tasks exist."
  elseif not SCHEMES[url:match "^(%w+)://" or "sqlite"] then
    return databases.printable(url) .. " has an unknown scheme",
      "Give a path, or postgresql://USER:PASSWORD@HOST/DATABASE."
  end
end

--- Returns whether the file of a ledger in SQLite does not exist yet, and its folder does.
local function is_absent(url)
  local path = databases.path(url)
  local function try(name)
    local file, _, code = io.open(name, "rb")
    if file then
      file:close()
    end
    return code
  end
  return path ~= nil and try(path) == ENOENT and try((path:match "^.*/" or "") .. ".") == nil
end

--- Opens the ledger that the options name. Raises an error if that is not possible.
local function open(options, manifest, absent)
  local url = options.ledger or M.default_ledger(manifest)
  local mistake, advice = find_mistake(url)
  if mistake then
    error(errors.invalid(nil, "ledger", mistake, advice), 0)
  elseif absent and is_absent(url) then
    if absent == "refuse" then
      error(errors.invalid(nil, "ledger", ("there is no file %s"):format(url),
        "Check the path. The command apply makes a ledger."), 0)
    end
    url = ":memory:"
  end
  return ledgers.open(url, manifest.key, options.only)
end

--- Returns an error if a client leads to another region than that of the manifest.
local function check_region(client, manifest)
  local endpoint = client and manifest.region and client._caller.endpoint
  local host = endpoint and endpoints.service(endpoint)
  if host and host ~= endpoints.host(manifest.region) then
    return errors.invalid(nil, "region", ("the manifest is for %s, and the client for %s"):format(manifest.region,
      host), "Use one region for both.")
  end
end

--- Opens the ledger, and calls fn with the manifest and the ledger.
---@param options dataworks.fleet.PlanOptions
---@param fn fun(manifest: dataworks.fleet.Manifest, ledger: dataworks.fleet.Ledger): any
---@param absent? "empty"|"refuse" what happens if the file of the ledger does not exist: it counts as empty, and is not
--- made, or it is an error; default: it is made
---@return any result
---@return dataworks.Error|nil err
---@return dataworks.fleet.Fault[]|nil faults all faults of the manifest
function M.with_ledger(options, fn, absent)
  local manifest, faults = manifests.read(options.manifest)
  if not manifest then
    return nil, refuse(faults), faults
  end
  local mismatch = check_region(options.client, manifest)
  if mismatch then
    return nil, mismatch
  elseif options.live then
    local err
    faults, err = live_check.manifest(options.client, manifest)
    if err or #faults > 0 then
      return nil, err or refuse(faults), faults
    end
  end
  local ledger
  local ok, result = pcall(function()
    ledger = open(options, manifest, absent)
    return fn(manifest, ledger)
  end)
  if ledger then
    ledger:close()
  end
  if ok then
    return result
  elseif errors.is(result) then
    return nil, result
  end
  error(result, 0)
end

return M
