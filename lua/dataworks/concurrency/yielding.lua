-- Returns whether the running coroutine can yield. PUC Lua 5.1 can't yield across pcall, a C callback or the iterator
-- of a `for` loop, and has no function that says whether a coroutine can yield.

local M = {}

local is_puc_5_1 = _VERSION == "Lua 5.1" and not rawget(_G, "jit")

-- The end of an error message that says where a task can wait.
M.ADVICE = is_puc_5_1 and ", and in Lua 5.1 not inside pcall, table.sort or the iterator of a for"
  or ", and not a callback of table.sort or string.gsub"

--- Returns whether neither a C function nor the iterator of a `for` is on the stack.
local function has_no_c_frame()
  local level = 2
  while true do
    local info = debug.getinfo(level, "Sn")
    if not info then
      return true
    elseif info.what == "C" or info.name == "(for generator)" then
      return false
    end
    level = level + 1
  end
end

--- Returns whether the running coroutine can yield here. LuaJIT can yield nearly everywhere, so the answer there is
--- true.
---@return boolean
M.can_yield = coroutine.isyieldable or is_puc_5_1 and has_no_c_frame or function() return true end

return M
