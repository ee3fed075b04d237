-- Hexadecimal, percent-encoding and base64. This code shares nothing with the C core of the library, so that the
-- emulator detects mistakes in the C core.

local M = {}

--- Encodes each byte as two lower-case hexadecimal digits.
function M.hex(bytes)
  return (bytes:gsub(".", function(char) return ("%02x"):format(char:byte()) end))
end

--- Encodes all bytes except letters, digits, "-", "_", "." and "~".
function M.percent_encode(text)
  return (text:gsub("[^%w%-_%.~]", function(char) return ("%%%02X"):format(char:byte()) end))
end

function M.percent_decode(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

local BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

--- Encodes bytes as base64, with "=" at the end where needed.
function M.base64(bytes)
  local out = {}
  for i = 1, #bytes, 3 do
    local a, b, c = bytes:byte(i, i + 2)
    local bits = a * 65536 + (b or 0) * 256 + (c or 0)
    for shift = 3, 0, -1 do
      local at = math.floor(bits / 64 ^ shift) % 64 + 1
      out[#out + 1] = BASE64:sub(at, at)
    end
    if not c then
      out[#out] = "="
      out[#out - 1] = b and out[#out - 1] or "="
    end
  end
  return table.concat(out)
end

return M
