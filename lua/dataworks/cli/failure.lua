-- Writes an error for people: what was wrong, where, and what to do, each on a line of its own.

local texts = require "dataworks.util.text"

local M = {}

-- Messages and advice name functions and options of the library. The command line has other names for them, or none.
local COMMAND_NAMES = {
  { 'Write dataworks%.new { region = "cn%-shanghai" }', "Give --region cn-shanghai" },
  { "or give access_key_id and access_key_secret to dataworks%.new", "or choose a profile with --profile" },
  { ", or set allow_http = true", "" },
  { "give the prune limit ", "give --prune-limit " },
  { "; with wait = true the client asks by itself", "" },
  { 'client:wait_for_state%(err%.state, "', "dataworks wait TASK --for " }, { '"%)%.$', "." },
  { "client:%f[%u]", "dataworks call " },
  { "client:%f[%l]", "dataworks " },
}

local function for_command(text)
  for _, pair in ipairs(COMMAND_NAMES) do
    text = text:gsub(pair[1], pair[2])
  end
  return text
end

--- Returns the lines about an error of the library. The id of the request stands alone, so that it can be copied.
---@param err dataworks.Error
---@return string[]
function M.lines(err)
  local brief = setmetatable({}, getmetatable(err))
  for name, value in pairs(err) do
    brief[name] = value
  end
  brief.advice, brief.request_id = nil, nil
  if err.kind == "invalid" then
    brief.message = for_command(err.message)
  end
  local lines = { tostring(brief) }
  -- The advice of a flow names an option of the library.
  if err.advice and not (err.state and err.advice:find("resume", 1, true)) then
    lines[#lines + 1] = for_command(err.advice)
  end
  if err.recommend then
    lines[#lines + 1] = "see: " .. texts.escape(err.recommend)
  end
  if err.request_id then
    lines[#lines + 1] = "request id: " .. err.request_id
  end
  return lines
end

return M
