-- Base64 of bytes, as a proxy is told a user and a password.

local M = {}

local DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function four_digits(three_bytes)
  local a, b, c = three_bytes:byte(1, 3)
  local number, digits = a * 65536 + b * 256 + c, {}
  for i = 4, 1, -1 do
    local at = number % 64 + 1
    digits[i] = DIGITS:sub(at, at)
    number = (number - number % 64) / 64
  end
  return table.concat(digits)
end

---@param text string
---@return string
function M.encode(text)
  local missing = -#text % 3
  local digits = (text .. ("\0"):rep(missing)):gsub("...", four_digits)
  return digits:sub(1, #digits - missing) .. ("="):rep(missing)
end

return M
