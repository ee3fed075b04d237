-- Percent-encoding as a query and a form take it: everything but A-Z a-z 0-9 - . _ ~ is escaped.

local M = {}

local function escape(byte)
  return ("%%%02X"):format(byte:byte())
end

---@param text string
---@return string
function M.encode(text)
  return (text:gsub("[^%w%-._~]", escape))
end

local function unescape(hex)
  return string.char(tonumber(hex, 16))
end

--- Text as it was before; a form's + is a space.
---@param text string
---@return string
function M.decode(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", unescape))
end

--- What a query or a form holds, in its order.
---@param text string
---@return { name: string, value: string }[] decoded
function M.parse(text)
  local list = {}
  for item in text:gmatch("[^&]+") do
    local name, value = item:match("^([^=]*)=?(.*)$")
    list[#list + 1] = { name = M.decode(name), value = M.decode(value) }
  end
  return list
end

--- The body of a form, or a query: names in order.
---@param fields table<string, string>
---@return string
function M.form(fields)
  local names, out = {}, {}
  for name in pairs(fields) do
    names[#names + 1] = name
  end
  table.sort(names)
  for i, name in ipairs(names) do
    out[i] = M.encode(name) .. "=" .. M.encode(fields[name])
  end
  return table.concat(out, "&")
end

return M
