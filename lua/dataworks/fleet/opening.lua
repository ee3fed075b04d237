-- Reads a manifest, and opens its ledger.

local errors = require "dataworks.error"
local ledgers = require "dataworks.fleet.ledger"
local live_check = require "dataworks.fleet.live_check"
local manifests = require "dataworks.fleet.manifest"

local M = {}

--- Returns the path of the ledger that a manifest has if no other is named.
---@param manifest dataworks.fleet.Manifest
function M.default_ledger(manifest)
  return (manifest.path and manifest.path:match "^(.*/)" or "") .. ".dataworks.db"
end

--- Returns whether a name matches a pattern with * and ?, in a time that grows with the product of their lengths.
local function is_match(glob, name)
  local at, place, star, resume = 1, 1, nil, nil
  while place <= #name do
    local char = glob:sub(at, at)
    if char == "*" then
      star, resume, at = at, place, at + 1
    elseif char == "?" or char == name:sub(place, place) then
      at, place = at + 1, place + 1
    elseif star then
      resume = resume + 1
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

--- Opens the ledger, and calls fn with the manifest and the ledger.
---@param options { manifest: string|table, ledger?: string, live?: boolean, client?: dataworks.Client }
---@param fn fun(manifest: dataworks.fleet.Manifest, ledger: dataworks.fleet.Ledger): any
---@return any result
---@return dataworks.Error|nil err
---@return dataworks.fleet.Fault[]|nil faults all faults of the manifest
function M.with_ledger(options, fn)
  local manifest, faults = manifests.read(options.manifest)
  if not manifest then
    return nil, refuse(faults), faults
  elseif options.live then
    local err
    faults, err = live_check.manifest(options.client, manifest)
    if err or #faults > 0 then
      return nil, err or refuse(faults), faults
    end
  end
  local ledger
  local ok, result = pcall(function()
    ledger = ledgers.open(options.ledger or M.default_ledger(manifest), manifest.key)
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
