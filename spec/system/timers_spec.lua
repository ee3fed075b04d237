-- Many flows in few timers of nginx. The host of these specs runs at most 8 timers at a time.
if not rawget(_G, "jit") then return end

local emulators = require "spec.support.emulator"
local files = require "spec.support.files"
local hosts = require "spec.support.host"
local nginx = require "spec.support.nginx"
local shell = require "spec.support.shell"
local web_support = require "spec.support.web"

local PAGE = files.read "docs/openresty.md"

describe("flows in timers of nginx", function()
  local web, host, emulator

  setup(function()
    web = web_support.start()
    host = hosts.start { ca_file = web.ca_file }
    emulator = emulators.start()
  end)
  teardown(function()
    for _, server in pairs { web = web, host = host, emulator = emulator } do server:stop() end
  end)

  local function dropped()
    return select(2, host:log():gsub("lua_max_running_timers are not enough", ""))
  end

  it("have the directives in the configuration of the page, which nginx accepts", function()
    local config = PAGE:match "```nginx\n(# nginx.conf.-)```"
    for _, directive in ipairs { "worker_connections", "lua_max_running_timers", "lua_max_pending_timers" } do
      assert.is_true(tonumber(config:match(directive .. " (%d+);")) > 256, directive)
    end
    local directory = shell.output "mktemp -d /tmp/dataworks-page.XXXXXX"
    shell.run("mkdir " .. directory .. "/logs") -- an nginx that was built with its default paths logs there
    files.write(directory .. "/nginx.conf", nginx.lua_lines() .. "\npid nginx.pid;\n" .. config)
    local output, status = shell.run(("%s -t -q -p %s/ -c nginx.conf -e stderr"):format(shell.quote(nginx.path()), directory))
    shell.run("rm -rf " .. directory)
    assert.equal(0, status, output)
  end)

  it("share a timer as the page shows", function()
    local code = PAGE:match "```lua\n(%-%- create_all.lua\n.-)```"
    local before = dropped()
    assert.equal("1", host:run(([[
      package.loaded.dataworks_client = require("dataworks").new { endpoint = %q, access_key_id = %q, access_key_secret = %q }
      local list = {}
      for i = 1, 12 do
        list[i] = { ProjectId = 10000, TaskType = "DI_OFFLINE", TaskName = "shared_" .. i, TaskContent = %q }
      end
      assert(assert(loadstring(%q))()(list))
      ngx.sleep(0)
      return ngx.timer.running_count()
    ]]):format(emulator.endpoint, emulator.access_key_id, emulator.access_key_secret,
      files.read "spec/scripts/task_content_offline.json", code)))
    for _ = 1, 100 do
      if #emulator:journal "CreateDISyncTask" == 12 then break end
      shell.run "sleep 0.1"
    end
    assert.equal(12, #emulator:journal "CreateDISyncTask")
    assert.equal(before, dropped())
  end)

  local CARRIERS = [[
    local carriers = require "examples.openresty.carriers"
    local function wait_for(condition)
      for _ = 1, 300 do
        if condition() then return true end
        ngx.sleep(0.01)
      end
      return false
    end
    ]]

  it("run in carriers: 100 in each timer, and none is lost", function()
    local before = dropped()
    assert.equal("true 3 3 0", host:run(CARRIERS .. [[
      local count = 0
      local function flow(premature, seconds)
        ngx.sleep(seconds)
        count = count + (premature and 1000 or 1)
      end
      for _ = 1, 300 do assert(carriers.run(flow, 0.3)) end
      ngx.sleep(0.1)
      local timers, running = carriers.count(), ngx.timer.running_count()
      local all = wait_for(function() return count == 300 end)
      ngx.sleep(0.05)
      return ("%s %d %d %d"):format(tostring(all), timers, running, carriers.count())
    ]]))
    assert.equal(before, dropped())
  end)

  it("leave room for others, and one that raises stops no other", function()
    assert.equal("true true 1", host:run(CARRIERS .. [[
      local ended, timers = 0, 0
      for i = 1, 250 do
        assert(carriers.run(function() if i % 5 == 0 then error "planned" end ended = ended + 1 end))
        timers = math.max(timers, carriers.count())
        if i % 50 == 0 then ngx.sleep(0.01) end
      end
      local all = wait_for(function() return ended == 200 end)
      return tostring(all) .. " " .. tostring(wait_for(function() return carriers.count() == 0 end)) .. " " .. timers
    ]]))
  end)

  it("start again when nginx has dropped the timer of their carrier", function()
    assert.equal("false true", host:run(CARRIERS .. [[
      local stop, ran = false, false
      for _ = 1, 8 do assert(ngx.timer.at(0, function() repeat ngx.sleep(0.01) until stop end)) end
      ngx.sleep(0.05)
      assert(carriers.run(function() ran = true end))
      ngx.sleep(0.1)
      stop = true
      ngx.sleep(1)
      local before = ran
      carriers.check()
      return tostring(before) .. " " .. tostring(wait_for(function() return ran end))
    ]]))
  end)

  it("learn that the worker ends", function()
    assert.equal("true x", host:run(CARRIERS .. [[
      local at, seen = ngx.timer.at
      ngx.timer.at = function(_, fn, carrier) return at(0, function() fn(true, carrier) end) end
      assert(carriers.run(function(premature, argument) seen = tostring(premature) .. " " .. argument end, "x"))
      ngx.timer.at = at
      wait_for(function() return seen end)
      return seen
    ]]))
  end)
end)
