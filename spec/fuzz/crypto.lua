-- Digests for the emulator's gateway outside nginx. There is SHA-256 alone.

local core = require "dataworks.core"

local BLOCK = 64

local M = {}

local function from_hex(text)
  return (text:gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end))
end

local function xor(a, b)
  local result, unit = 0, 1
  for _ = 1, 8 do
    if a % 2 ~= b % 2 then result = result + unit end
    a, b, unit = math.floor(a / 2), math.floor(b / 2), unit * 2
  end
  return result
end

local pads = {}

--- The block of a key for one of the two digests of an HMAC.
local function pad(key, byte)
  local name = byte .. key
  pads[name] = pads[name] or (key .. ("\0"):rep(BLOCK - #key)):gsub(".", function(char) return string.char(xor(char:byte(), byte)) end)
  return pads[name]
end

local function join(data) return type(data) == "table" and table.concat(data) or data end

function M.digest(_, data) return from_hex(core.digest(join(data))) end

function M.hmac(_, key, data)
  if #key > BLOCK then key = M.digest(nil, key) end
  return M.digest(nil, pad(key, 0x5c) .. M.digest(nil, pad(key, 0x36) .. join(data)))
end

function M.random(count) return ("r"):rep(count) end

return M
