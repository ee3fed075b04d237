-- Builds the parts of one emulator, and hands each part the others that it needs.

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

local M = {}
M.__index = M

local function served_actions()
  local served = { [sts.VERSION] = sts.rows }
  for version, names in pairs(service.actions) do
    served[version] = {}
    for name in pairs(names) do
      served[version][name] = catalog.find(name, version)
    end
  end
  return served
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

--- A new emulator.
---@param options {clock: (fun(): number), crypto: table} crypto has digest, hmac and random
---@return dataworks.emulator.Parts
function M.new(options)
  local self = setmetatable({ clock = options.clock, crypto = options.crypto, random = options.crypto.random }, M)
  self:reset()
  return self
end

--- Resets everything, settings too.
function M:reset()
  local random, set = self.random, settings.defaults()
  local function now()
    return self.clock() + set.clock_offset
  end
  local function accept(entry)
    self.gateway.keys:add_issued(entry)
  end
  local issues = issuer.new({ settings = set, now = now, random = random, accept = accept })
  self.now, self.settings, self.faults, self.journal = now, set, faults.new(), journal.new()
  self.gateway = gateway.new({
    crypto = self.crypto, now = now, actions = served_actions(), credentials = set.credentials,
  })
  self.service = service.new({ settings = set, now = now })
  self.sts = sts.new({ settings = set, issuer = issues })
  self.metadata = metadata.new({
    settings = set, issuer = issues, now = now, new_token = function() return encoding.hex(random(20)) end,
  })
end

return M
