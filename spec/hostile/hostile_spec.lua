-- The rows that do not wait, in each host. `make hostile` plays all rows. Two interpreters are enough, because the versions
-- of Lua share the transports.
local shell = require "spec.support.shell"
if shell.lua ~= "5.4" and shell.lua ~= "jit" then return end

local hosts = require "spec.hostile.hosts"
local host_support = require "spec.support.host"
local rows_module = require "spec.hostile.rows"
local servers = require "spec.hostile.server"

describe("a call to a hostile server ends with the right kind and the right sent", function()
  local rows, server

  setup(function()
    rows = rows_module.load(rows_module.AREAS, true)
    server = servers.start(rows)
  end)
  teardown(function() if server then server:stop() end end)

  for _, name in ipairs { "blocking", "loop" } do
    it(("and leaves no descriptor open (%s)"):format(name), function()
      local before = hosts.count_descriptors()
      assert.same({}, hosts.faults(rows, name, hosts[name](rows, server)))
      collectgarbage()
      collectgarbage()
      assert.is_nil(hosts.left_open(before))
    end)
  end

  if shell.lua == "jit" then
    it("inside nginx", function()
      local host = host_support.start { ca_file = server.ca_file }
      local ok, outcomes = pcall(hosts.nginx, server, host, rows_module.AREAS, true)
      host:stop()
      assert.same({}, hosts.faults(rows, "nginx", ok and outcomes or error(outcomes, 0)))
    end)

    it("or to a hostile name server", function()
      local output = shell.output "LUA_PATH=\"$PWD/?.lua;$LUA_PATH\" spec/hostile/private_network luajit spec/hostile/run.lua names fast"
      if output:find("skipped", 1, true) then pending(output) end
      assert.matches("rows in 3 hosts on jit in %d+ s, 0 wrong$", output)
    end)
  end
end)
