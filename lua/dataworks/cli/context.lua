-- What a running command uses: the options of all commands, the client, standard output, progress and errors.

local core = require "dataworks.core"
local endpoints = require "dataworks.api.endpoints"
local exit_status = require "dataworks.cli.exit_status"
local failure = require "dataworks.cli.failure"
local nearest = require "dataworks.util.nearest"
local outputs = require "dataworks.cli.output"
local progress = require "dataworks.cli.progress"
local retry_notice = require "dataworks.cli.retry_notice"
local tables = require "dataworks.util.tables"
local texts = require "dataworks.util.text"

local M = {}

---@class dataworks.cli.Context
---@field args table the parsed arguments
---@field commands table the module dataworks.cli.commands, which loads the modules of commands
---@field output dataworks.cli.Output
---@field progress dataworks.cli.Progress
---@field on_terminal boolean whether standard output is a terminal
local Context = {}
Context.__index = Context

--- Ends the command: `raise` is caught by main, which prints the lines and exits with the status.
---@param status integer
---@param ... string lines for standard error
function M.raise(status, ...)
  error({ status = status, lines = { ... } })
end

Context.raise = M.raise

--- Ends the command because it was used wrongly.
function Context.wrong_use(_, ...)
  M.raise(exit_status.WRONG_USE, ...)
end

--- Ends the command with an error of the library.
---@param err dataworks.Error
---@param ... string more lines
function Context:fail(err, ...)
  local lines, status = failure.lines(err), exit_status.of(err)
  for _, line in ipairs { ... } do
    lines[#lines + 1] = line
  end
  if self.resumable and exit_status.is_resumable(err) then
    status = exit_status.UNFINISHED
    lines[#lines + 1] = "go on with: " .. self.command_line
  end
  error({ status = status, lines = lines })
end

--- Shows an event of a flow or of a wait as progress.
function Context:show_event(event)
  self.progress:step(event.status and ("%s: %s"):format(event.step, event.status) or event.step)
end

--- Says that the same command goes on if it ends before it is done.
function Context:mark_resumable()
  self.resumable = true
end

--- Asks a question on the terminal. Ends the command unless the answer is yes.
---@param question string
function Context:confirm(question)
  if not core.terminal(0) then
    self:wrong_use("this needs an answer on a terminal, or the option --yes")
  end
  self.progress:finish()
  self.stderr:write(texts.escape(question) .. " [y/N] ") -- at once, so that no echo of the keyboard comes between
  self.stderr:flush()
  local answer = (io.stdin:read "*l" or ""):lower()
  if answer ~= "y" and answer ~= "yes" then
    M.raise(exit_status.REFUSED, "nothing was done")
  end
end

--- Writes a line to standard error.
function Context:say_line(line)
  self.progress:finish()
  self.stderr:write(texts.escape_lines(line), "\n")
end

--- Returns whether the user forbade changes.
function Context:is_read_only()
  local variable = os.getenv "DATAWORKS_READ_ONLY"
  return self.args.read_only or variable ~= nil and variable ~= "" and variable ~= "0"
end

--- Ends the command if the user forbade changes.
---@param what string what would change something
function Context:check_read_only(what)
  if self:is_read_only() then
    self:wrong_use(what .. " changes something, and --read-only or DATAWORKS_READ_ONLY forbids that")
  end
end

--- Returns the options of a client that follow from the arguments.
---@param more? table options that take precedence
function Context:client_options(more)
  local args = self.args
  local options = {
    profile = args.profile, region = args.region, endpoint = args.endpoint, network = args.network,
    timeout = args.timeout, version = args.api_version,
  }
  if (args.v or 0) > 0 then
    options.debug = function(line) self:say_line(line) end
  end
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return options
end

--- Warns of a region that is probably misspelt. Without an endpoint, its host is not found, and the error says so. A
--- region may be newer than this program, so that an unknown one is not refused.
local function doubt_region(self)
  local region, endpoint = self.args.region, self.args.endpoint or os.getenv "ALIBABA_CLOUD_ENDPOINT"
  if not (region and endpoint) or self.args.quiet then
    return
  end
  local known = tables.merge(endpoints.REGIONS.vpc, endpoints.REGIONS.public, endpoints.REGIONS.central)
  local hint = known[region] and "" or nearest.hint(region, known)
  if hint ~= "" then
    self:say_line(("--region: no region %s is known%s"):format(region, hint))
  end
end

--- Returns the client, which is created at the first call.
---@param more? table options of the client
---@return dataworks.Client
function Context:client(more)
  if not self._client then
    local options = self:client_options(more)
    options.on_event = not options.debug and retry_notice.new(self.progress) or nil
    local ok, client = pcall(require("dataworks").new, options)
    if not ok then
      self:wrong_use((tostring(client):gsub("^.-dataworks%.new: ", "--")))
    end
    if (self.args.v or 0) > 1 then
      require("dataworks.cli.trace").show(client, function(line) self:say_line(line) end)
    end
    self._client = client
    doubt_region(self)
  end
  return self._client
end

--- Calls a function when the command ends, whether or not it succeeds.
---@param fn function
function Context:at_end(fn)
  self._at_end = fn
end

--- Closes what the command opened.
function Context:close()
  if self._at_end then
    self._at_end()
  end
  self.progress:finish()
  if self._client then
    self._client:close()
  end
end

---@param args table
---@param format "table"|"json"|"jsonl" the format if -o is not given
---@return dataworks.cli.Context
function M.new(args, format, commands, stdout, command_line)
  local shown = progress.new(io.stderr, core.terminal(2), args.quiet)
  return setmetatable({
    args = args, commands = commands, command_line = command_line, stderr = io.stderr,
    stdout = stdout, on_terminal = core.terminal(1) ~= nil,
    output = outputs.new(stdout, args.output or format, args.ids or "number", function() shown:finish() end),
    progress = shown,
  }, Context)
end

return M
