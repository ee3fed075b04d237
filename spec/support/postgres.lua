-- Starts a PostgreSQL server for specs, in a folder of its own. Stop it in teardown. initdb refuses root, so that root
-- runs the server as the user postgres.

local ports = require "spec.support.ports"
local shell = require "spec.support.shell"

local M = {}
M.__index = M

--- Returns the folder of the server's programs; nil if they are not installed.
function M.programs()
  local found = shell.output "ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; true"
  return found ~= "" and found or nil
end

function M.start()
  local programs, folder = M.programs(), shell.output "mktemp -d /tmp/pg.XXXXXX"
  local as = ("env -i PATH=$PATH LANG=C.UTF-8 HOME=%s"):format(folder)
  if shell.output "id -u" == "0" then
    shell.output("chown postgres " .. folder)
    as = "setpriv --reuid=postgres --regid=postgres --clear-groups " .. as
  end
  shell.output(("cd %s && %s %s/initdb -D %s/data -A trust -U postgres -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null"):format(folder, as,
    programs, folder))
  local self = setmetatable({ folder = folder }, M)
  local output, status
  for _ = 1, 5 do -- another program may take the port meanwhile
    self.port = ports.random()
    self.url = ("postgresql://postgres@127.0.0.1:%d/postgres"):format(self.port)
    self.control = ("cd %s && %s %s/pg_ctl -D %s/data -w -t 120 -l %s/log -o '-c listen_addresses=127.0.0.1 -c port=%d -c unix_socket_directories=%s'")
      :format(folder, as, programs, folder, folder, self.port, folder)
    output, status = shell.run(self.control .. " start >/dev/null")
    if status == 0 then break end
  end
  assert(status == 0, output)
  -- Ends the server also if this process is killed. A pipe would not do, because a restarted server inherits it.
  local own_pid = shell.output "echo $PPID"
  os.execute(("( trap '' INT QUIT HUP TERM; while kill -0 %s && [ -d %s ]; do sleep 0.5; done; [ ! -d %s ] || { %s -m immediate stop; rm -r %s; } ) >/dev/null 2>&1 &")
    :format(own_pid, folder, folder, self.control, folder))
  return self
end

function M:stop()
  shell.output(self.control .. " -m immediate stop >/dev/null; rm -r " .. self.folder)
end

return M
