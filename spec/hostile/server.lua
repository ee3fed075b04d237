-- Starts the server that plays the rows.

local cjson = require "cjson"
local certificates = require "spec.support.certificates"
local files = require "spec.support.files"
local shell = require "spec.support.shell"

local M = {}

local Server = {}
Server.__index = Server

--- Starts a program that reads `input` from its first line. Returns its pipe, and the line that the program prints.
local function start(directory, program, argument, input)
  local output, log = directory .. "/" .. program .. ".out", directory .. "/" .. program .. ".log"
  files.write(output, "")
  local pipe = assert(io.popen(("exec python3 spec/hostile/%s.py %s >%s 2>%s"):format(program, argument, output, log), "w"))
  pipe:write(cjson.encode(input), "\n")
  pipe:flush()
  for _ = 1, 200 do
    local text = files.read(output)
    if text:sub(-1) == "\n" then return pipe, text end
    shell.run "sleep 0.1"
  end
  pipe:close()
  error(files.read(log))
end

--- Starts a server for rows, and a name server if rows have names. Stop them with the method stop. They also end with this
--- process.
---@return { ports: integer[], ca_file: string, directory: string } server `ports` has the port of each row
function M.start(rows)
  local directory = shell.output "mktemp -d /tmp/dataworks-hostile.XXXXXX"
  certificates.make(directory)
  local steps, names, names_pipe = {}, {}, nil
  for i, row in ipairs(rows) do
    steps[i], names[i] = row.steps, row.names or false
    names_pipe = names_pipe or row.names
  end
  if names_pipe then names_pipe = start(directory, "names", "", names) end
  local pipe, ports = start(directory, "server", directory, steps)
  files.write(directory .. "/ports", ports)
  return setmetatable({
    ports = cjson.decode(ports), ca_file = directory .. "/ca.pem", directory = directory, pipe = pipe, names_pipe = names_pipe,
  }, Server)
end

--- Ends the server and all its connections.
function Server:stop()
  self.pipe:close()
  if self.names_pipe then self.names_pipe:close() end
  shell.run("rm -rf " .. self.directory)
end

return M
