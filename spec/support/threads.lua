-- The script that two threads run at once. In a loop it creates a client, makes blocking calls and calls on an event
-- loop, and closes the client.

local dataworks = require "dataworks"
local core = require "dataworks.core"

local GET = { ProjectId = 1, TaskType = "DI_REALTIME", FileId = 1 }

for round = 1, 20 do
  local secret = THREAD .. round -- luacheck: globals THREAD
  local client = dataworks.new { endpoint = arg[1], access_key_id = "id-" .. secret, access_key_secret = secret }
  for _ = 1, 10 do assert(client:call("GetDISyncTask", GET)) end
  local results = dataworks.map({ 1, 2, 3, 4, 5, 6, 7, 8 }, function() return client:call("GetDISyncTask", GET) end)
  for _, result in ipairs(results) do assert(result.value, tostring(result.err)) end
  local signed = core.sign { method = "GET", algorithm = "HMAC-SHA1", params = { A = secret }, access_key_secret = secret }
  local again = core.sign { method = "GET", algorithm = "HMAC-SHA1", params = { A = secret }, access_key_secret = secret }
  assert(signed.signature == again.signature)
  client:close()
end
