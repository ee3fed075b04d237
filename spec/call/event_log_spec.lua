local dataworks = require "dataworks"
local event_log = require "dataworks.call.event_log"
local errors = require "dataworks.error"
local fake = require "spec.support.fake"
local files = require "spec.support.files"
local shell = require "spec.support.shell"

local function lines_of(options, answers)
  local lines = {}
  options.debug = options.debug == nil and function(line) lines[#lines + 1] = line end or options.debug
  local client = fake.client(answers, options)
  client:call("GetFile", { ProjectId = 1, FileId = 2 })
  return lines, client
end

describe("debug lines", function()
  it("show each event in one line, with its fields in a fixed order", function()
    assert.same({
      "dataworks: request action=GetFile attempt=1 endpoint=https://example.com",
      'dataworks: response action=GetFile attempt=1 status=503 request_id=R-2 elapsed=0ms error="GetFile: said ServiceUnavailable '
        .. '(ServiceUnavailable, HTTP 503, example.com, request R-2). The service is temporarily overloaded or under maintenance."',
      'dataworks: retry action=GetFile attempt=2 delay=50ms error="GetFile: said ServiceUnavailable '
        .. '(ServiceUnavailable, HTTP 503, example.com, request R-2). The service is temporarily overloaded or under maintenance."',
      "dataworks: request action=GetFile attempt=2 endpoint=https://example.com",
      "dataworks: response action=GetFile attempt=2 status=200 request_id=R-1 elapsed=0ms",
    }, (lines_of({}, { fake.refused("ServiceUnavailable", 503), fake.good() })))
  end)

  it("quote a value of several words, and escape control characters", function()
    assert.equal([[dataworks: refresh provider=a-b expires=2500ms error="said \"no\"\\nand more"]],
      event_log.line { type = "refresh", provider = "a-b", expires = 2.5, error = errors.new { kind = "credentials", message = 'said "no"\nand more' } })
    assert.equal([[dataworks: wait action=""]], event_log.line { type = "wait", action = "" })
  end)

  it("cut a long value", function()
    assert.is_true(#event_log.line { type = "wait", action = ("x"):rep(10000) } < 600)
  end)

  it("are turned on by ALIBABA_CLOUD_DEBUG, unless the option overrides it", function()
    local function writer(option, value)
      return event_log.writer(option, function(name) return name == "ALIBABA_CLOUD_DEBUG" and value or nil end)
    end
    for _, value in ipairs { "dataworks", "DataWorks", "sdk,dataworks", " sdk , dataworks" } do
      assert.is_function(writer(nil, value), value)
      assert.is_nil(writer(false, value))
    end
    for _, value in ipairs { "", "sdk", "dataworks2", "mydataworks" } do
      assert.is_nil(writer(nil, value), value)
      assert.is_function(writer(true, value))
    end
    assert.is_nil(writer(nil, nil))
  end)

  it("go to stderr, and not to stdout", function()
    local path = os.tmpname()
    local out = shell.output(("ALIBABA_CLOUD_DEBUG=dataworks %s -e %s 2>%s"):format(shell.interpreter, shell.quote [[
      local fake = require "spec.support.fake"
      local client = fake.client({ fake.good() }, { getenv = os.getenv })
      client:call("GetFile", { ProjectId = 1, FileId = 2 })
      print "done"]], path))
    local lines = files.read(path)
    os.remove(path)
    assert.equal("done", out)
    assert.matches("^dataworks: request action=GetFile [^\n]*\ndataworks: response action=GetFile [^\n]*\n$", lines)
  end)

  it("do not stop a call when their writer raises; tostring(client) shows the error", function()
    local _, client = lines_of({ debug = function() error("full\n", 0) end }, { fake.good() })
    assert.matches("raised: full", tostring(client), 1, true)
  end)

  it("have an option that is a boolean or a function", function()
    assert.has_error(function() dataworks.new { debug = "yes" } end,
      "dataworks.new: debug must be true, false or a function that takes a line, got a string")
  end)
end)
