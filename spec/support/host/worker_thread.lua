-- A module that ngx.run_worker_thread runs. Its function makes a call, and returns the error of the call.
-- luacheck: std min+ngx_lua

local M = {}

--- Makes a call that fails. Returns the kind, the field `sent` and the text of the error, and the method of a request
--- that the client builds afterwards.
function M.call(endpoint)
  rawset(ngx, "get_phase", nil) -- newer versions of the Lua module have no get_phase in a worker thread
  local client = require("dataworks").new { endpoint = endpoint, access_key_id = "id", access_key_secret = "secret" }
  local params = { DestinationType = "odps", SourceType = "mysql", ProjectId = 10000 }
  local _, err = client:call("ListDIProjectConfig", params)
  return ("%s %s %s %s"):format(err.kind, tostring(err.sent), tostring(err), client:request("ListDIProjectConfig", params).method)
end

return M
