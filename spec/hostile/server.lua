-- Starts the server that plays the rows.

local cjson = require "cjson"
local certificates = require "spec.support.certificates"
local files = require "spec.support.files"
local shell = require "spec.support.shell"

local M = {}

local Server = {}
Server.__index = Server

--- Starts a server for rows. Stop it with the method stop. It also ends with this process.
---@return { ports: integer[], ca_file: string, directory: string } server `ports` has the port of each row
function M.start(rows)
  local directory = shell.output "mktemp -d /tmp/dataworks-hostile.XXXXXX"
  certificates.make(directory)
  local output = directory .. "/ports"
  local pipe = assert(io.popen(("exec python3 spec/hostile/server.py %s >%s 2>%s/log"):format(directory, output, directory), "w"))
  local steps = {}
  for i, row in ipairs(rows) do steps[i] = row.steps end
  pipe:write(cjson.encode(steps), "\n")
  pipe:flush()
  for _ = 1, 200 do
    local text = files.read(output)
    if text:sub(-1) == "\n" then
      return setmetatable({ ports = cjson.decode(text), ca_file = directory .. "/ca.pem", directory = directory, pipe = pipe }, Server)
    end
    shell.run "sleep 0.1"
  end
  pipe:close()
  error(files.read(directory .. "/log"))
end

--- Ends the server and all its connections.
function Server:stop()
  self.pipe:close()
  shell.run("rm -rf " .. self.directory)
end

return M
