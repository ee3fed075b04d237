-- Compares the reader of JSON with lua-cjson.

local cjson = require "cjson"
local core = require "dataworks.core"

local M = {}

--- lua-cjson rounds integers that a double does not hold.
local function same(ours, theirs)
  if type(theirs) == "number" then return ours == theirs or tonumber((tostring(ours):gsub("LL$", ""))) * 1.0 == theirs end
  if type(ours) ~= "table" then return ours == theirs end
  if type(theirs) ~= "table" then return false end
  for key, value in pairs(ours) do
    if not same(value, theirs[key]) then return false end
  end
  for key in pairs(theirs) do
    if ours[key] == nil then return false end
  end
  return true
end

--- What lua-cjson accepts and RFC 8259 does not.
local function is_loose(text)
  return text:find "[%z\1-\8\11\12\14-\31]" or text:find '"[^"]*[\n\t\r]' or text:find "%-?0%d" or text:find "[^%d]%.%d" or text:find "%d%.%f[^%d.]"
    or text:find "%d[eE][%+%-]?%f[^%d%+%-eE]" or text:find "[xX]" or text:find "[iI]nf" or text:find "[nN]a[nN]" or text:find "%+%d"
end

--- Reads a text with both readers. Returns "accepted" or "refused", or how they differ.
---@param text string
function M.read(text)
  local ours, err = core.decode(text)
  local ok, theirs = pcall(cjson.decode, text)
  if not err and ok then return same(ours, theirs) and "accepted" or "they read other values" end
  if err and not ok then return "refused" end
  if err then
    return (is_loose(text) or err.message:find "UTF%-8" or err.message:find "number" or err.message:find "deep") and "refused" or "only lua-cjson accepts it"
  end
  return (text:find "\\u[dD][89a-fA-F]" or text:find "^\239\187\191") and "accepted" or "only dataworks accepts it"
end

return M
