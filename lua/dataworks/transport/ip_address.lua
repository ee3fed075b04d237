-- IP addresses as lists of bytes, and ranges of them.

local M = {}

local function ipv4(text)
  local bytes = { text:match("^(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)$") }
  for i, digits in ipairs(bytes) do
    bytes[i] = tonumber(digits)
    if bytes[i] > 255 then
      return nil
    end
  end
  return #bytes == 4 and bytes or nil
end

--- The bytes of groups of four hexadecimal digits.
local function groups(text)
  local bytes = {}
  for group in (text .. ":"):gmatch("([^:]*):") do
    if not group:find("^%x%x?%x?%x?$") then
      return text == "" and bytes or nil
    end
    local number = tonumber(group, 16)
    bytes[#bytes + 1] = math.floor(number / 256)
    bytes[#bytes + 1] = number % 256
  end
  return bytes
end

local function ipv6(text)
  local head, last = text:match("^(.*:)(%d+%.%d+%.%d+%.%d+)$")
  if last then
    local bytes = ipv4(last)
    text = bytes and ("%s%x:%x"):format(head, bytes[1] * 256 + bytes[2], bytes[3] * 256 + bytes[4]) or ""
  end
  local before, after = text:match("^(.-)::(.*)$")
  local bytes, rest = groups(before or text), groups(after or "")
  if not bytes or not rest then
    return nil
  end
  local missing = 16 - #bytes - #rest
  if before and missing < 2 or not before and missing ~= 0 then
    return nil
  end
  for _ = 1, missing do
    bytes[#bytes + 1] = 0
  end
  for _, byte in ipairs(rest) do
    bytes[#bytes + 1] = byte
  end
  return bytes
end

-- ::ffff:10.0.0.1 is 10.0.0.1.
local MAPPED = ipv6 "::ffff:0:0"

--- An IPv4 address as 4 bytes, an IPv6 address, with or without brackets, as 16.
---@param text string
---@return integer[]|nil bytes nil when this is no address
function M.parse(text)
  if not text:find(":", 1, true) then
    return ipv4(text)
  end
  local bytes = ipv6(text:match("^%[(.*)%]$") or text)
  if bytes and M.within(bytes, MAPPED, 96) then
    return { bytes[13], bytes[14], bytes[15], bytes[16] }
  end
  return bytes
end

--- Are both of one kind, and do their first `bits` agree?
---@param bytes integer[]
---@param base integer[]
---@param bits integer
---@return boolean false too when they have no such number of bits
function M.within(bytes, base, bits)
  local whole = math.floor(bits / 8)
  if #bytes ~= #base or bits > 8 * #base then
    return false
  end
  for i = 1, whole do
    if bytes[i] ~= base[i] then
      return false
    end
  end
  local unit = 2 ^ (8 - bits % 8)
  return bits % 8 == 0 or math.floor(bytes[whole + 1] / unit) == math.floor(base[whole + 1] / unit)
end

local LOOPBACK = { 127, 0, 0, 0 }
local LOOPBACK_IPV6 = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }

--- Does a host, without user and port, name this machine?
---@param host string
---@return boolean
function M.is_loopback(host)
  local bytes = M.parse(host)
  return host:lower() == "localhost"
    or bytes ~= nil and (M.within(bytes, LOOPBACK, 8) or M.within(bytes, LOOPBACK_IPV6, 128))
end

return M
