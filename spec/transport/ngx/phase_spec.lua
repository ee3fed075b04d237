-- Where a call can wait inside nginx.
if not rawget(_G, "jit") then return end

local emulators = require "spec.support.emulator"
local hosts = require "spec.support.host"
local shell = require "spec.support.shell"
local web_support = require "spec.support.web"

describe("a place inside nginx", function()
  local web, host, emulator

  setup(function()
    web = web_support.start()
    host = hosts.start { ca_file = web.ca_file }
    emulator = emulators.start()
  end)
  teardown(function()
    for _, server in pairs { web = web, host = host, emulator = emulator } do server:stop() end
  end)

  local CLIENT = [[
    local client = require("dataworks").new {
      endpoint = %q, access_key_id = %q, access_key_secret = %q, connect_timeout = 5, retries = 0,
    }
    local function call()
      local _, err = client:call("ListDIProjectConfig", { DestinationType = "odps", SourceType = "mysql", ProjectId = 10000 })
      return err and err.kind .. " " .. tostring(err.sent) .. " " .. tostring(err) or "ok"
    end
    ]]

  local function run(chunk, where, endpoint)
    return host:run(CLIENT:format(endpoint or emulator.endpoint, emulator.access_key_id, emulator.access_key_secret) .. chunk, where)
  end

  local function await_note(name)
    for _ = 1, 100 do
      local note = host:note(name)
      if note ~= "none" then return note end
      os.execute "sleep 0.05"
    end
  end

  it("refuses a call that can't yield, and names the function of C", function()
    local chunks = {
      ["table.sort"] = "local result table.sort({ 1, 2 }, function() result = call() return false end) return result",
      ["string.gsub"] = "local result local _ = ('a'):gsub('a', function() result = call() end) return result",
      ["dofile"] = [[
        local path, result = os.tmpname()
        local file = io.open(path, "w") file:write "sent_from_file()" file:close()
        rawset(_G, "sent_from_file", function() result = call() end)
        dofile(path)
        os.remove(path)
        return result]],
      ["the message handler of xpcall"] = "return select(2, xpcall(error, call))",
    }
    for name, chunk in pairs(chunks) do
      assert.equal(("invalid false ListDIProjectConfig: nginx can't wait for a reply inside %s. Make the call before or after it.")
        :format(name), run(chunk))
    end
    assert.equal("invalid false ListDIProjectConfig: nginx can't wait for a reply inside require. "
      .. "Make the call in a function of the module, and call that after require.",
      run "package.preload.calling = function() return { result = call() } end return require('calling').result")
    assert.same({}, emulator:journal())
  end)

  it("lets a call pass through pcall, xpcall, a metamethod, the iterator of a for and a coroutine", function()
    assert.equal("ok ok ok ok ok", run [[
      local object = setmetatable({}, { __index = function() return call() end })
      local results = { select(2, pcall(call)), select(2, xpcall(call, debug.traceback)), object.field }
      for result in function(_, last) return not last and call() or nil end do results[4] = result end
      results[5] = coroutine.wrap(call)()
      return table.concat(results, " ")
    ]])
    emulator:reset()
  end)

  it("lets a call that can't wait leave the other calls of the request alone", function()
    assert.equal("ok invalid ok", run [[
      local one, other
      local thread = ngx.thread.spawn(function() one = call() end)
      table.sort({ 1, 2 }, function() other = call() return false end)
      local third = call()
      ngx.thread.wait(thread)
      return one .. " " .. other:match "%a+" .. " " .. third
    ]])
  end)

  it("refuses a call in a thread of ngx.run_worker_thread, where it can be signed", function()
    assert.equal("true invalid false ListDIProjectConfig: a thread of ngx.run_worker_thread has no sockets. "
      .. "Make the call in the request or timer that starts the thread, and pass its result. POST", host:run(([[
      local ok, result = ngx.run_worker_thread("spec", "spec.support.host.worker_thread", "call", %q)
      return tostring(ok) .. " " .. tostring(result)]]):format(emulator.endpoint)))
  end)

  it("advises in init to start a timer in init_worker", function()
    assert.equal("invalid GetDISyncTask: nginx can't wait for a reply in its phase init. Make the call in a timer that "
      .. "init_worker_by_lua_block starts: ngx.timer.at(0, function() ... end).", host:note "init")
  end)

  it("advises in exit_worker a timer that runs early, and there a call passes", function()
    run [[ngx.timer.at(3600, function(premature) ngx.shared.notes:set("early", tostring(premature) .. " " .. call()) end)]]
    host:reload()
    assert.equal("true ok", await_note "early")
    assert.equal("invalid GetDISyncTask: nginx can't wait for a reply in its phase exit_worker. Make the call before: "
      .. "nginx runs a waiting timer early when its worker ends, with premature = true.", await_note "exit_worker")
  end)

  it("allows a call by the name of its phase", function()
    local function in_phase(phase)
      return run(([[
        local get_phase = ngx.get_phase
        ngx.get_phase = function() return %q end
        local result = call()
        ngx.get_phase = get_phase
        return result]]):format(phase))
    end
    for _, phase in ipairs {
      "rewrite", "server_rewrite", "access", "precontent", "content", "timer", "preread", "ssl_cert", "ssl_client_hello",
      "ssl_session_fetch", "proxy_ssl_cert", "proxy_ssl_verify",
    } do
      assert.equal("ok", in_phase(phase), phase)
    end
    for _, phase in ipairs {
      "init", "init_worker", "exit_worker", "set", "header_filter", "body_filter", "log", "balancer", "ssl_session_store",
    } do
      assert.matches("^invalid false .* in its phase " .. phase, in_phase(phase))
    end
  end)

  it("is left to nginx in a phase without a name", function()
    assert.equal("ok", run [[
      local get_phase = ngx.get_phase
      ngx.get_phase = function() error "unknown phase: 1048576" end
      local result = call()
      ngx.get_phase = get_phase
      return result
    ]])
  end)

  it("has threads of the library only where they end with a killed caller", function()
    local output = shell.run "grep -rc 'thread.spawn(' lua | grep -v ':0'"
    assert.equal("lua/dataworks/transport/ngx/connection.lua:3\n", output)
  end)

  it("ends soon after a call is killed that connects by name", function()
    assert.equal("1 1 0", run([[
      local killed
      ngx.timer.at(0, function()
        local thread = ngx.thread.spawn(call)
        ngx.sleep(0.05)
        killed = ngx.thread.kill(thread)
      end)
      ngx.sleep(0.02)
      local before = ngx.timer.running_count()
      ngx.sleep(0.5)
      return killed .. " " .. before .. " " .. ngx.timer.running_count()
    ]], "named", "https://silent.test"))
  end)
end)
