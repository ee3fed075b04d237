-- Processes from their start to their end, with the library as `make install` installs it.

local installed = require "bench.installed"
local loopback = require "bench.loopback"
local measure = require "bench.measure"
local shell = require "spec.support.shell"

local COUNT = 5

local function first_request()
  local _, variables = installed.make()
  measure.place_measured()
  return measure.pairs {
    ours = measure.process({ shell.interpreter, "bench/programs/first_request.lua" }, variables),
    floor = measure.process({ shell.interpreter, "bench/programs/empty.lua" }, variables),
    count = COUNT, unit = "ms", subtract = true, goal = 3,
  }
end

--- Measures what libraries alone add to a process of the interpreter.
local function libraries()
  local _, variables = installed.make()
  measure.place_measured()
  local load = ('package.loadlib("build/%s/floor_%%s.so", "luaopen_floor_%%s")()'):format(shell.lua)
  local empty = measure.process({ shell.interpreter, "bench/programs/empty.lua" }, variables)
  local figures = {}
  for index, part in ipairs {
    { "OpenSSL: SHA-256, HMAC", load:format("crypto", "crypto") }, { "libcurl", load:format("libcurl", "libcurl") },
    { "argparse", 'require "argparse"' }, { "the first request", 'dofile "bench/programs/first_request.lua"' },
  } do
    figures[index] = measure.pairs {
      ours = measure.process({ shell.interpreter, "-e", part[2] }, variables), floor = empty,
      count = COUNT, unit = "ms", subtract = true,
    }[1]
    figures[index].what = part[1]
  end
  return figures
end

--- Measures `dataworks call` against a process of the words that words_of(request) returns.
local function command(words_of, options)
  local folder, variables = installed.make()
  return loopback.with_server(function(server, client)
    local endpoint = ("http://127.0.0.1:%d"):format(server.ready)
    for _, variable in ipairs {
      "ALIBABA_CLOUD_ENDPOINT=" .. endpoint, "ALIBABA_CLOUD_ACCESS_KEY_ID=LTAI5tExampleExampleExam",
      "ALIBABA_CLOUD_ACCESS_KEY_SECRET=a-secret-of-thirty-characters-",
    } do
      variables[#variables + 1] = variable
    end
    options.ours = measure.process({ folder .. "/bin/dataworks", "call", "ListFiles", "ProjectId=10000" }, variables)
    options.floor = measure.process(words_of(assert(client:request("ListFiles", { ProjectId = 10000 }))), variables)
    options.count, options.unit = COUNT, "ms"
    return measure.pairs(options)
  end)
end

local function words_of_curl(request)
  local words = { "curl", "-q", "-s", "-o", "/dev/null", "--noproxy", "*", "--data-raw", request.body }
  for name, value in pairs(request.headers) do
    words[#words + 1], words[#words + 2] = "-H", name .. ": " .. value
  end
  words[#words + 1] = request.url
  return words
end

return {
  {
    name = "start", ours = "a process that loads the library, and signs one request", measure = first_request,
    floor = "a process of the same interpreter that does nothing",
  },
  {
    name = "parts-start", ours = "the parts of the start of a process, CPU time", measure = libraries,
    floor = "a process of the same interpreter that does nothing",
  },
  {
    name = "command-curl", ours = "dataworks call ListFiles ProjectId=10000", floor = "curl sends the same bytes",
    measure = function() return command(words_of_curl, {}) end,
  },
  {
    name = "command-lua", ours = "dataworks call ListFiles ProjectId=10000",
    floor = "a process of the same interpreter that does nothing",
    measure = function()
      return command(function() return { shell.interpreter, "bench/programs/empty.lua" } end,
        { subtract = true, goal = 10 })
    end,
  },
}
