-- Counts ids as decimal text, so that ids beyond 2^53 stay exact.

local M = {}

--- The decimal number after this one.
---@param digits string
---@return string
function M.next(digits)
  local head = digits:match("^.*[0-8]") or "0"
  local nines = digits:match("^.*[0-8]") and #digits - #head or #digits
  return head:sub(1, -2) .. ("%d"):format(head:byte(-1) - 47) .. ("0"):rep(nines)
end

return M
