-- Runs the command, and sends a signal to its own process at one of its requests. The arguments are the signal, the number
-- of the request, "before" or "after" the request is sent, and the arguments of the command. With "step", the number is
-- that of a step of `apply`.

local transport = require "dataworks.transport.curl"

local signal, number, moment = arg[1], tonumber(arg[2]), arg[3]
local argv = {}
for i = 4, #arg do argv[#argv + 1] = arg[i] end

local function hit()
  -- os.execute would ignore SIGINT meanwhile.
  io.popen("kill -" .. signal .. " $PPID"):close()
end

local new, count = transport.new, 0
transport.new = function(options)
  local real, err = new(options)
  if not real then return nil, err end
  return setmetatable({
    send = function(_, request, limits)
      count = count + 1
      if count == number and moment == "before" then hit() end
      local reply, failed = real:send(request, limits)
      if count == number and moment == "after" then hit() end
      return reply, failed
    end,
  }, { __index = function(_, name) return real[name] and function(_, ...) return real[name](real, ...) end end })
end

local fleet, steps = require "dataworks.fleet.fleet", 0
local apply = fleet.apply
function fleet.apply(options)
  local on_event = options.on_event
  function options.on_event(event)
    steps = steps + (event.type == "step" and 1 or 0)
    if event.type == "step" and steps == number and moment == "step" then hit() end
    on_event(event)
  end
  return apply(options)
end

os.exit(require("dataworks.cli.main").run(argv))
