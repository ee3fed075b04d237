-- Replaces secrets in text that people may read. The secrets stay in a closure, so that no walk over fields finds them.

local core = require "dataworks.core"

local M = {}

-- A shorter secret would match parts of ordinary words.
local MIN_BYTES = 6

local function replace_plain(text, secret)
  return (text:gsub(secret:gsub("%p", "%%%0"), "***"))
end

--- Returns a function that replaces each secret by ***: as it is, and percent-encoded once or twice.
---@param secrets string[]
---@return fun(text: string): string
function M.new(secrets)
  local forms = {}
  for _, secret in ipairs(secrets) do
    if #secret >= MIN_BYTES then
      local once = core.percent_encode(secret)
      forms[#forms + 1] = secret
      forms[#forms + 1] = once ~= secret and once or nil
      forms[#forms + 1] = once ~= secret and core.percent_encode(once) or nil
    end
  end
  return function(text)
    for _, form in ipairs(forms) do
      text = replace_plain(text, form)
    end
    return text
  end
end

return M
