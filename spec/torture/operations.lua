-- What make torture does while allocations fail. An operation returns a function that is called again and again; it returns a
-- result, or nil and an error, as the library does.

local dataworks = require "dataworks"

local M = {}

local PROJECT = 10000
local ITEMS = 20
local TIMEOUT = 10 -- OpenSSL sometimes takes failed memory for missing data, and libcurl waits

local function new(server, options)
  options = options or {}
  options.endpoint, options.ca_file, options.retries, options.timeout = server.endpoint, server.ca_file, 0, TIMEOUT
  if not options.credentials then options.access_key_id, options.access_key_secret = server.id, server.secret end
  return dataworks.new(options)
end

local function call(client)
  return client:call("ListDIProjectConfig", { ProjectId = PROJECT, DestinationType = "holo" })
end

local function task_param()
  return dataworks.task {
    from = { mysql = "mysql_pub1", tables = { mysql_db = { "orders", "users" } } }, to = { odps = "odps_source" },
    resource_group = "S_res_group_280749521950784_1623033752022",
  }
end

--- A call with a client of its own, which is closed afterwards.
local function call_once(server, options)
  local client = new(server, options)
  local result, err = call(client)
  client:close()
  return result, err
end

local function credentials_file(path)
  local file = assert(io.open(path, "wb"))
  assert(file:write("[default]\ntype = access_key\naccess_key_id = ", M.plain.id, "\naccess_key_secret = ", M.plain.secret, "\n"))
  assert(file:close())
  return path
end

-- In the order of the output. `sends`: the operation sends one call and nothing else, so that `sent` can be checked.
M.list = {
  { "request", function()
    local client = new(M.plain)
    return function() return client:request("GenerateDISyncTaskConfigForCreating",
      { ProjectId = PROJECT, TaskType = "DI_REALTIME", TaskParam = task_param() }) end
  end },
  { "encode", function()
    local value = { a = { 1, 2.5, ("x\n"):rep(2000) }, b = task_param(), c = dataworks.null }
    return function() return dataworks.encode(value) end
  end },
  { "decode", function()
    local text = dataworks.encode { a = { 1, 2.5, ("x\n"):rep(2000) }, b = task_param(), c = dataworks.null }
    return function() return dataworks.decode(text) end
  end },
  { "call", function()
    local client = new(M.plain)
    return function() return call(client) end
  end, sends = true },
  { "call over TLS", function() return function() return call_once(M.tls) end end },
  { "loop", function()
    local client, items = new(M.plain), {}
    for i = 1, ITEMS do items[i] = i end
    return function()
      local results, err = dataworks.map(items, function() return call(client) end)
      if not results then return nil, err end
      for _, item in ipairs(results) do
        if item.err then return nil, item.err end
      end
      return results
    end
  end },
  { "flow", function()
    local client = new(M.plain)
    return function()
      return client:create_sync_task({ ProjectId = PROJECT, TaskType = "DI_REALTIME", TaskParam = task_param() },
        { delay = 0.001, max_delay = 0.001 })
    end
  end },
  { "credentials of a file", function()
    local path = credentials_file(M.folder .. "/credentials.ini")
    return function() return call_once(M.plain, { credentials = { type = "ini", file = path } }) end
  end },
  { "credentials of a URI", function()
    return function() return call_once(M.plain, { credentials = { type = "uri", uri = M.plain.endpoint .. "/credentials" } }) end
  end },
  { "close", function()
    return function()
      local client = new(M.plain)
      client:close()
      return true
    end
  end },
}

--- What the state of a program does that loads the library and makes a client.
M.START = [[
  if jit then jit.off() end
  package.path, package.cpath = %q, %q
  local client = require "dataworks".new { endpoint = %q, access_key_id = "id", access_key_secret = "secret" }
  assert(client:request("ListDIProjectConfig", { ProjectId = 1, DestinationType = "holo" }))
  client:close()
]]

return M
