-- Credentials inside nginx: one fetch for a worker, or for all workers with a lua_shared_dict.
if not rawget(_G, "jit") then return end

local emulators = require "spec.support.emulator"
local files = require "spec.support.files"
local hosts = require "spec.support.host"
local web_support = require "spec.support.web"

describe("credentials inside nginx", function()
  local web, host, emulator

  setup(function()
    web = web_support.start()
    host = hosts.start { ca_file = web.ca_file, workers = 2 }
    emulator = emulators.start()
  end)
  teardown(function()
    for _, server in pairs { web = web, host = host, emulator = emulator } do server:stop() end
  end)
  before_each(function() emulator:reset() end)

  local CLIENT = [[
    local dataworks = require "dataworks"
    local function new(more)
      local options = { endpoint = %q, credentials = { type = "uri", uri = %q } }
      for name, value in pairs(more or {}) do options[name] = value end
      return dataworks.new(options)
    end
    local function works(client)
      local _, err = client:call("ListDIProjectConfig", { DestinationType = "odps", SourceType = "mysql", ProjectId = 10000 })
      return err and tostring(err) or "ok"
    end
    ]]

  local function run(chunk, where)
    return host:run(CLIENT:format(emulator.endpoint, emulator.endpoint .. "/credentials") .. chunk, where)
  end

  local function fetches() return #emulator:journal "credentials_uri" end

  it("are fetched once for all requests of a worker", function()
    assert.equal("ok ok ok", run [[
      local client = new()
      local threads, result = {}, {}
      for i = 1, 3 do threads[i] = ngx.thread.spawn(function() result[i] = works(client) end) end
      for i = 1, 3 do ngx.thread.wait(threads[i]) end
      return table.concat(result, " ")
    ]])
    assert.equal(1, fetches())
  end)

  it("are fetched once for all clients that share a dict, where they expire with the credentials", function()
    assert.equal("ok ok", run [[return works(new { credentials_dict = "keys" }) .. " " .. works(new { credentials_dict = "keys" })]])
    assert.equal(1, fetches())
    local left = tonumber(run [[
      for _, key in ipairs(ngx.shared.keys:get_keys()) do return ngx.shared.keys:ttl(key) end
    ]])
    assert.is_true(left > 60 and left <= 3600, tostring(left))
  end)

  it("are fetched once for simultaneous calls of several clients", function()
    assert.equal("ok ok ok", run [[
      ngx.shared.keys:flush_all()
      local threads, result = {}, {}
      for i = 1, 3 do threads[i] = ngx.thread.spawn(function() result[i] = works(new { credentials_dict = "keys" }) end) end
      for i = 1, 3 do ngx.thread.wait(threads[i]) end
      return table.concat(result, " ")
    ]])
    assert.equal(1, fetches())
  end)

  it("are not shared with clients that have other options", function()
    run [[ngx.shared.keys:flush_all() return works(new { credentials_dict = "keys" })]]
    assert.equal("ok", run [[return works(new { credentials_dict = "keys", region = "cn-beijing" })]])
    assert.equal(2, fetches())
  end)

  it("are fetched once for two workers", function()
    run [[ngx.shared.keys:flush_all() return ""]]
    local seen, workers = {}, 0
    for _ = 1, 200 do
      local result, pid = run([[
        ngx.header.connection = "close"
        return works(new { credentials_dict = "keys" }) .. " " .. ngx.worker.pid()
      ]]):match "^(%w+) (%d+)$"
      assert.equal("ok", result)
      workers = workers + (seen[pid] and 0 or 1)
      seen[pid] = true
      if workers == 2 then break end
    end
    assert.equal(2, workers)
    assert.equal(1, fetches())
  end)

  it("are fetched again when the profile's file changes", function()
    local function with_profile(query)
      files.write(host.directory .. "/config.json", ([[{
        "current": "default", "profiles": [{ "name": "default", "mode": "CredentialsURI", "credentials_uri": "%s/credentials?%s" }]
      }]]):format(emulator.endpoint, query))
      return run(([[return works(new { credentials_dict = "keys", credentials = { type = "cli_profile", file = %q } })]])
        :format(host.directory .. "/config.json"))
    end
    run [[ngx.shared.keys:flush_all() return ""]]
    assert.equal("ok", with_profile "one")
    assert.equal("ok", with_profile "one")
    assert.equal(1, fetches())
    assert.equal("ok", with_profile "another")
    assert.equal(2, fetches())
  end)

  it("are not shared with clients that have another environment, or whose source is a function", function()
    assert.equal("ok ok ok", run(([[
      ngx.shared.keys:flush_all()
      local function by_variable(query)
        return works(new { credentials_dict = "keys", credentials = "uri", getenv = function(name)
          return name == "ALIBABA_CLOUD_CREDENTIALS_URI" and %q .. query or nil
        end })
      end
      return by_variable "?one" .. " " .. by_variable "?another" .. " " .. by_variable "?one"
    ]]):format(emulator.endpoint .. "/credentials")))
    assert.equal(2, fetches())
    assert.equal("ok ok 0", run(([[
      ngx.shared.keys:flush_all()
      local function role(name)
        return works(new { credentials_dict = "keys", credentials = {
          type = "ram_role_arn", role_arn = "acs:ram::1234567890123456:role/" .. name, sts_endpoint = %q,
          source = function() return { access_key_id = %q, access_key_secret = %q } end,
        } })
      end
      return role "one" .. " " .. role "another" .. " " .. #ngx.shared.keys:get_keys()
    ]]):format(emulator.endpoint, emulator.access_key_id, emulator.access_key_secret)))
    assert.equal(2, #emulator:journal "AssumeRole")
  end)

  it("are fetched by each client when the dict is full", function()
    assert.equal("ok ok", run [[
      local full = ngx.shared.full
      for i = 1, 10000 do if not full:safe_set(i, ("x"):rep(20)) then break end end
      return works(new { credentials_dict = "full", timeout = 3 }) .. " " .. works(new { credentials_dict = "full", timeout = 3 })
    ]])
    assert.equal(2, fetches())
  end)

  it("are fetched before the deadline though a worker died with the lock", function()
    assert.equal("ok ok", run [[
      ngx.shared.keys:flush_all()
      local first = works(new { credentials_dict = "keys" })
      local key = ngx.shared.keys:get_keys()[1]
      ngx.shared.keys:delete(key)
      ngx.shared.keys:set(key .. ":lock", "of a worker that died", 15)
      return first .. " " .. works(new { credentials_dict = "keys", timeout = 2 })
    ]])
    assert.equal(2, fetches())
  end)

  it("arrive though the thread that fetches them is killed", function()
    emulator:fault { fault = "slow_head", action = "credentials_uri", seconds = 0.5 }
    assert.equal("ok", run [[
      local client = new { timeout = 10 }
      local first = ngx.thread.spawn(works, client)
      assert(ngx.thread.kill(first))
      return works(client)
    ]])
    assert.equal(1, fetches())
  end)

  it("raise an option's error in the call, and are fetched by the next call", function()
    assert.equal("boom ok", run [[
      local asked = 0
      local client = new { random = function()
        asked = asked + 1
        return asked > 1 and 0 or error("boom", 0)
      end }
      return select(2, pcall(works, client)) .. " " .. works(client)
    ]])
  end)

  it("are fetched in the request itself when nginx has no timer left", function()
    assert.equal("ok", run [[
      local stop = false
      for _ = 1, 8 do assert(ngx.timer.at(0, function() repeat ngx.sleep(0.01) until stop end)) end
      ngx.sleep(0.05)
      local result = works(new { timeout = 10 })
      stop = true
      return result
    ]])
    assert.equal(1, fetches())
    assert.matches("lua_max_running_timers are not enough", host:log())
  end)

  it("need a dict that exists", function()
    assert.matches('dataworks.new: nginx has no lua_shared_dict nowhere; add "lua_shared_dict nowhere 64k;" to its http block',
      run [[return select(2, pcall(new, { credentials_dict = "nowhere" }))]], 1, true)
    assert.has_error(function() require("dataworks").new { credentials_dict = "keys" } end,
      "dataworks.new: credentials_dict is for nginx, whose workers share a lua_shared_dict; leave it out elsewhere")
  end)

  it("don't come from a program, which would block the worker", function()
    assert.matches("a program can't be run inside nginx", run
      [[return works(new { credentials = { type = "external", process_command = "echo" } })]], 1, true)
  end)
end)
