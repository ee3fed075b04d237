-- Counts ids as decimal text, because Lua numbers are not exact beyond 2^53.

local M = {}

function M.next(digits)
  local head = digits:match("^.*[0-8]") or "0"
  local nines = digits:match("^.*[0-8]") and #digits - #head or #digits
  return head:sub(1, -2) .. ("%d"):format(head:byte(-1) - 47) .. ("0"):rep(nines)
end

return M
