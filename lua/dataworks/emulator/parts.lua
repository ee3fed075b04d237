-- Creates the parts of an emulator, and connects them with each other.

local catalog = require "dataworks.api.catalog"
local encoding = require "dataworks.emulator.encoding"
local faults = require "dataworks.emulator.faults"
local gateway = require "dataworks.emulator.gateway"
local issuer = require "dataworks.emulator.issuer"
local journal = require "dataworks.emulator.journal"
local metadata = require "dataworks.emulator.metadata"
local service = require "dataworks.emulator.service"
local settings = require "dataworks.emulator.settings"
local sts = require "dataworks.emulator.sts"
local tables = require "dataworks.util.tables"

local M = {}
M.__index = M

--- Returns the catalog rows of the actions that the emulator supports, by version and name.
local function supported_actions()
  local served = { [sts.VERSION] = sts.rows }
  for version, names in pairs(service.actions) do
    served[version] = {}
    for name in pairs(names) do
      served[version][name] = catalog.find(name, version)
    end
  end
  return served
end

local IS_CATALOG_VERSION = tables.set_of(table.concat(catalog.versions, " "))

local function is_known(action, version)
  return IS_CATALOG_VERSION[version] and catalog.find(action, version) ~= nil or false
end

---@class dataworks.emulator.Parts
---@field now fun(): number
---@field random fun(count: integer): string
---@field settings table
---@field faults table
---@field journal table
---@field gateway table
---@field service table
---@field sts table
---@field metadata table

--- Creates an emulator. `crypto` has the functions digest, hmac and random.
function M.new(options)
  local self = setmetatable({ clock = options.clock, crypto = options.crypto, random = options.crypto.random }, M)
  self:reset()
  return self
end

--- Replaces all parts by new ones, and all settings by their defaults.
function M:reset()
  local random, current = self.random, settings.defaults()
  local function now()
    return self.clock() + current.clock_offset
  end
  local function accept(entry)
    self.gateway.keys:add_issued(entry)
  end
  local credentials = issuer.new({ settings = current, now = now, random = random, accept = accept })
  self.now, self.settings, self.faults, self.journal = now, current, faults.new(), journal.new()
  self.gateway = gateway.new({
    crypto = self.crypto, now = now, actions = supported_actions(), is_known = is_known,
    credentials = current.credentials,
  })
  self.service = service.new({ settings = current, now = now })
  self.sts = sts.new({ settings = current, issuer = credentials })
  self.metadata = metadata.new({
    settings = current, issuer = credentials, now = now, new_token = function() return encoding.hex(random(20)) end,
  })
end

--- Drops what a service may forget when it restarts. Tasks, settings and the journal stay.
function M:forget()
  self.faults = faults.new()
  self.gateway:forget()
  self.service:forget()
  self.metadata:forget()
end

return M
