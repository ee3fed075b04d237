-- Parses IP addresses, compares them with ranges, and recognizes loopback hosts.

local M = {}

local function parse_ipv4(text)
  local a, b, c, d = text:match("^(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)$")
  a, b, c, d = tonumber(a), tonumber(b), tonumber(c), tonumber(d)
  if a and math.max(a, b, c, d) <= 255 then
    return string.char(a, b, c, d)
  end
end

--- Groups of up to four hexadecimal digits, with colons between them.
local function parse_groups(text)
  local bytes = {}
  for group in (text .. ":"):gmatch("([^:]*):") do
    if not group:find("^%x%x?%x?%x?$") then
      return text == "" and "" or nil
    end
    local number = tonumber(group, 16)
    bytes[#bytes + 1] = string.char(math.floor(number / 256), number % 256)
  end
  return table.concat(bytes)
end

local function parse_ipv6(text)
  local head, last = text:match("^(.*:)(%d+%.%d+%.%d+%.%d+)$")
  if last then
    local bytes = parse_ipv4(last)
    if not bytes then
      return nil
    end
    text = ("%s%02x%02x:%02x%02x"):format(head, bytes:byte(1, 4))
  end
  local before, after = text:match("^(.-)::(.*)$")
  local first, rest = parse_groups(before or text), parse_groups(after or "")
  local missing = first and rest and 16 - #first - #rest or -1
  -- "::" stands for at least one group.
  if before and missing >= 2 or not before and missing == 0 then
    return first .. ("\0"):rep(missing) .. rest
  end
end

local MAPPED_IPV4 = parse_ipv6("::ffff:0:0"):sub(1, 12)

--- An IPv4 address as 4 bytes; an IPv6 address, with or without brackets, as 16. An IPv4-mapped address
--- (::ffff:10.0.0.1) counts as IPv4.
---@param text string
---@return string|nil bytes nil for anything else
function M.parse(text)
  if not text:find(":", 1, true) then
    return parse_ipv4(text)
  end
  local bytes = parse_ipv6(text:match("^%[(.*)%]$") or text)
  if bytes and bytes:sub(1, 12) == MAPPED_IPV4 then
    return bytes:sub(13)
  end
  return bytes
end

--- Whether both addresses are of one family and share their first `bits`.
---@param bytes string of parse
---@param base string of parse
---@param bits integer
---@return boolean
function M.is_within(bytes, base, bits)
  local whole = math.floor(bits / 8)
  if #bytes ~= #base or bits > 8 * #base or bytes:sub(1, whole) ~= base:sub(1, whole) then
    return false
  end
  local unit = 2 ^ (8 - bits % 8)
  return bits % 8 == 0 or math.floor(bytes:byte(whole + 1) / unit) == math.floor(base:byte(whole + 1) / unit)
end

local LOOPBACK, LOOPBACK_IPV6 = M.parse "127.0.0.0", M.parse "::1"

---@param host string a name or an address, with or without brackets; without a port
---@return boolean
function M.is_loopback(host)
  if host:lower():find("^localhost%.?$") then
    return true
  end
  local bytes = M.parse(host)
  return bytes ~= nil and (M.is_within(bytes, LOOPBACK, 8) or bytes == LOOPBACK_IPV6)
end

return M
