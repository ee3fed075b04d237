-- Makes calls with odd parameters to the server of strict_server.py, which verifies their signatures and returns the
-- parameters that it has received. Runs with Lua 5.4, and inside nginx with LuaJIT.

local dataworks = require "dataworks"

local M = {}

local TEXTS = {
  "", " ", "+", " a b ", "%", "%25%2B", "&=;/?#[]@!$'()*,:|\\\"<>^`{}", "~-._", "用户 (a+b)*~'😀", "e\204\129", "\r\n\t", "a\0b", "\127",
  "true", "null", "0", ("x"):rep(3000), ("ü%&+ "):rep(200), '{"type":"job"}',
}
local NAMES = { "A", "a", "Z", "A-1", "A.1", "A_1", "Ids.2", "Ids.10", "Action.", "Signatur", "signature", "x", "_", "0" }
local SIGNATURES = { "ACS3-HMAC-SHA256", "ACS3-HMAC-SM3", "HMAC-SHA1" }
local TASK = { ProjectId = 10000, TaskType = "DI_REALTIME" }

local function with(more)
  for name, value in pairs(TASK) do more[name] = value end
  return more
end

-- The calls, each a list {action, params, options}.
local function list()
  local script = dataworks.task {
    from = { mysql = "mysql_pub1", tables = { [TEXTS[9]] = { TEXTS[9], "orders" } } }, to = { odps = "odps_source" },
    resource_group = "S_res_group_280749521950784_1623033752022",
  }
  local calls = {
    { "GenerateDISyncTaskConfigForCreating", with { TaskParam = script, ClientToken = "t" } },
    { "CreateDISyncTask", with { TaskName = TEXTS[7], TaskContent = '{"type":"job","name":"' .. ("é"):rep(5000) .. '"}' } },
    { "UpdateDISyncTask", with { FileId = "9223372036854775807", TaskContent = '"' .. ("x"):rep(20000) .. '"' } },
    { "GetDISyncTask", with { FileId = 1 } },
    { "ListFiles", { ProjectId = 1, Keyword = TEXTS[7], NeedContent = true } },
    { "StartDIJob", { Id = 1, RealtimeStartSettings = { StartTime = 1 } }, { version = "2024-05-18" } },
    { "ListDIJobs", { ProjectId = 1, Name = TEXTS[9] }, { version = "2024-05-18" } },
  }
  for i, how in ipairs { { "GET" }, { "POST", "query" }, { "POST", "form" }, { "PUT", "form" } } do
    for first = i, #TEXTS do
      local params = {}
      for k, name in ipairs(NAMES) do params[name] = TEXTS[(first + k) % #TEXTS + 1] end
      if how[2] ~= "form" then params.Z, params.x = nil, nil end
      calls[#calls + 1] = { "OddThing", params, { version = "2024-05-18", unchecked = true, method = how[1], location = how[2] } }
    end
    calls[#calls + 1] = { "NoParams", {}, { version = "2024-05-18", unchecked = true, method = how[1] } }
  end
  return calls
end

-- Fails unless the server has received each parameter that is not a table.
local function compare(sent, received)
  for name, value in pairs(sent) do
    if type(value) ~= "table" and received[name] ~= tostring(value) then
      error(("%s was sent as %q and received as %q"):format(name, tostring(value):sub(1, 80), tostring(received[name]):sub(1, 80)))
    end
  end
end

local function call_all(options)
  local client, count, calls = dataworks.new(options), 0, list()
  local step = options.signature == "ACS3-HMAC-SM3" and 9 or 1 -- the official code of SM3 is slow
  for i = step, #calls, step do
    local one = calls[i]
    local reply, err = client:call(one[1], one[2], one[3])
    if not reply then error(("%s with %s: %s"):format(one[1], options.signature, tostring(err))) end
    compare(one[2], reply.Data.Params)
    count = count + 1
  end
  client:close()
  return count
end

--- Makes all calls with each signature, with and without a security token.
---@param endpoint string
---@param start fun(fn: fun()) runs a function now, or later and at the same time as the others
---@return fun(): integer results returns the number of calls after all functions have ended, or raises their first error
function M.start(endpoint, start)
  local count, message = 0, nil
  for _, signature in ipairs(SIGNATURES) do
    for _, token in ipairs { "strict/token+==", false } do
      start(function()
        local ok, result = pcall(call_all, {
          endpoint = endpoint, signature = signature, retries = 0, access_key_id = token and "strict-sts" or "strict-id",
          access_key_secret = "strict-secret", security_token = token or nil,
        })
        if ok then count = count + result else message = message or result end
      end)
    end
  end
  return function() return message and error(message, 0) or count end
end

return M
