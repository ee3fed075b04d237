local command = require "spec.support.command"
local retry_notice = require "dataworks.cli.retry_notice"

describe("a command that reads", function()
  local emulator
  setup(function() emulator = require("spec.support.emulator").start() end)
  teardown(function() emulator:stop() end)
  before_each(function()
    emulator:reset()
    emulator:fault { action = "ListFiles", times = 1, fault = "throttle_service", retry_after = 1200 }
  end)

  local function list(more, terminal)
    return command.run("list --project 10000 -o jsonl " .. more, { env = command.variables(emulator), terminal = terminal })
  end

  it("says why it waits before it retries, and prints the same result", function()
    local result = list ""
    assert.same({ 0, "" }, { result.status, result.out })
    assert.matches("^retrying in 1 s: ListFiles: [^\n]*HTTP 429[^\n]*\n$", result.err)
  end)

  it("says so on a terminal, too", function()
    assert.matches("retrying in 1 s: ListFiles: ", list("", true).out, 1, true)
  end)

  it("says nothing with -q, and shows the event instead with -v", function()
    assert.equal("", list("-q").err)
    emulator:fault { action = "ListFiles", times = 1, fault = "throttle_service", retry_after = 1200 }
    local shown = list("-v").err
    assert.matches("dataworks: retry action=ListFiles", shown, 1, true)
    assert.is_nil(shown:find("retrying", 1, true))
  end)
end)

describe("the notice of a retry", function()
  local errors = require "dataworks.error"
  local now, lines, notice
  before_each(function()
    now, lines = 100, {}
    notice = retry_notice.new { clock = function() return now end, notice = function(_, line) lines[#lines + 1] = line end }
  end)

  local function retry(delay, elapsed)
    notice { type = "retry", action = "GetFile", attempt = 2, delay = delay,
      error = errors.new { kind = "transport", action = "GetFile", sent = false, message = "no answer", elapsed = elapsed } }
  end

  it("comes only after a second without a word", function()
    retry(0.4, 0.5)
    assert.same({}, lines)
    retry(0.2, 5)
    retry(2.6, 0.1)
    assert.same({ "retrying: GetFile: no answer" }, lines)
    now = 101
    retry(2.6, 0.1)
    assert.equal("retrying in 3 s: GetFile: no answer", lines[2])
  end)

  it("comes once for many calls that wait at the same time", function()
    for _ = 1, 3 do retry(4, 0) end
    now = 105
    retry(4, 0)
    assert.equal(2, #lines)
  end)

  it("explains a pause that the service asked for, and not the limit that the user asked for", function()
    notice { type = "wait", delay = 5, elapsed = 0, reason = "limit" }
    notice { type = "wait", delay = 5, elapsed = 0 }
    notice { type = "wait", delay = 5, elapsed = 0, reason = "throttled" }
    assert.same({ "waiting 5 s: the service throttles calls" }, lines)
  end)
end)
