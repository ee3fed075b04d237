-- Can the running coroutine yield? PUC Lua 5.1 can't across pcall, a callback of C or the iterator of a `for`, and does
-- not say so beforehand.

local M = {}

local running_5_1 = _VERSION == "Lua 5.1" and not rawget(_G, "jit")

M.ADVICE = running_5_1 and ", and in Lua 5.1 not inside pcall, table.sort or the iterator of a for"
  or ", and not a callback of table.sort or string.gsub"

local function allowed_in_5_1()
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

local function always()
  return true
end

---@return boolean
M.allowed = coroutine.isyieldable or running_5_1 and allowed_in_5_1 or always

return M
