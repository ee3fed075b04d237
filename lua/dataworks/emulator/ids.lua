-- Counts ids as decimal text, so that ids beyond 2^53 stay exact.

local M = {}

--- The decimal number after this one.
---@param digits string
---@return string
function M.next(digits)
  local head, low = digits:match("^(%d-)(%d?%d?%d?%d?%d?%d?%d?%d?%d?%d?%d?%d?%d?%d?)$")
  local sum = ("%0" .. #low .. "d"):format(tonumber(low) + 1)
  if #sum > #low and head ~= "" then
    return M.next(head) .. sum:sub(2)
  end
  return head .. sum
end

return M
