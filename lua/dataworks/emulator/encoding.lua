-- Hexadecimal, percent-encoding and base64. This code shares nothing with the C core of the library, so that the
-- emulator detects mistakes in the C core.

local M = {}

-- string.gsub reads these tables much faster than it calls a function.

--- The percent-encoding of each byte.
local ESCAPES = {}
--- The byte of two hexadecimal digits, in upper and lower case.
local BYTES = {}

for code = 0, 255 do
  local char, digits = string.char(code), ("%02x"):format(code)
  ESCAPES[char] = "%" .. digits:upper()
  for _, high in ipairs({ digits:sub(1, 1), digits:sub(1, 1):upper() }) do
    BYTES[high .. digits:sub(2)], BYTES[high .. digits:sub(2):upper()] = char, char
  end
end

--- The formats of hexadecimal texts, by the number of bytes.
local HEX_FORMATS = setmetatable({}, {
  __index = function(formats, length)
    formats[length] = ("%02x"):rep(length)
    return formats[length]
  end,
})

--- Encodes each byte as two lower-case hexadecimal digits.
---@param bytes string a digest or an id
function M.hex(bytes)
  return HEX_FORMATS[#bytes]:format(bytes:byte(1, -1))
end

--- Encodes all bytes except letters, digits, "-", "_", "." and "~".
function M.percent_encode(text)
  return (text:gsub("[^%w%-_%.~]", ESCAPES))
end

function M.percent_decode(text)
  if not text:find("%", 1, true) then
    return text
  end
  return (text:gsub("%%(%x%x)", BYTES))
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
