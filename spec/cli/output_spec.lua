local command = require "spec.support.command"
local dataworks = require "dataworks"
local outputs = require "dataworks.cli.output"
local shell = require "spec.support.shell"
local width = require "dataworks.cli.width"

--- Returns an output, and a function that returns what it wrote.
local function capture(format, ids)
  local written = {}
  local file = { write = function(_, text) written[#written + 1] = text return true end, flush = function() return true end }
  return outputs.new(file, format, ids or "number"), function() return table.concat(written) end
end

describe("the output of a command", function()
  it("aligns the columns of names in Chinese, Japanese and Korean", function()
    local output, written = capture "table"
    output:list({ { Name = "订单同步", State = "RUN" }, { Name = "users", State = "PAUSE" }, { Name = "주문", State = "WAIT" } },
      { "Name", "State" })
    assert.equal("Name      State\n订单同步  RUN\nusers     PAUSE\n주문      WAIT\n", written())
    assert.same({ 3, 8, 1, 2 }, { width.of "e\204\129té", width.of "数据工厂", width.of "é", width.of "😀" })
  end)

  it("shows control characters instead of obeying them", function()
    local output, written = capture "table"
    output:object { Name = "a\27[31mb\nc\226\128\174d" }
    assert.equal("NAME  VALUE\nName  a\\x1b[31mb\\nc\\u{202e}d\n", written())
  end)

  it("writes lists as a table, as one document, or one item a line", function()
    local expected = {
      table = "FileId  Name\n1       a\n2\n", json = '[\n  {\n    "FileId": 1,\n    "Name": "a"\n  },\n  {\n    "FileId": 2\n  }\n]\n',
      jsonl = '{"FileId":1,"Name":"a"}\n{"FileId":2}\n',
    }
    for format, text in pairs(expected) do
      local output, written = capture(format)
      output:list({ { FileId = 1, Name = "a" }, { FileId = 2 } }, { "FileId", "Name" })
      assert.equal(text, written())
    end
  end)

  it("keeps all digits of ids, and writes them as numbers or as strings", function()
    local reply = dataworks.decode '{"FileId":9223372036854775807,"Count":3,"Sum":12345678901234567890,"Ids":[1,2],"Name":"5"}'
    local output, written = capture "jsonl"
    output:object(reply)
    assert.equal('{"Count":3,"FileId":9223372036854775807,"Ids":[1,2],"Name":"5","Sum":12345678901234567890}\n', written())
    output, written = capture("jsonl", "string")
    output:object(reply)
    assert.equal('{"Count":3,"FileId":"9223372036854775807","Ids":["1","2"],"Name":"5","Sum":"12345678901234567890"}\n', written())
    output, written = capture "jsonl"
    output:object { FileId = "9007199254740993", Name = "9007199254740993" }
    assert.equal('{"FileId":9007199254740993,"Name":"9007199254740993"}\n', written())
  end)

  it("ends silently when nobody reads it any more", function()
    local script = ("set -o pipefail; %s bin/dataworks actions | head -n 1"):format(shell.interpreter)
    local output, status = shell.run("bash -c " .. shell.quote(script))
    assert.matches("^Action +Version +Reads +Pages\n$", output)
    assert.is_true(status == 0 or status == 141) -- 141: ended by SIGPIPE
  end)
end)

describe("the progress of a command", function()
  local progress = require "dataworks.cli.progress"

  local function capture_progress(columns, quiet)
    local written = {}
    local file = { write = function(_, ...) written[#written + 1] = table.concat { ... } end, flush = function() end }
    local shown = progress.new(file, columns, quiet)
    local now = 0
    shown.clock = function() now = now + 1 return now end
    return shown, written
  end

  it("is one line that changes on a terminal", function()
    local shown, written = capture_progress(60)
    shown:step("polling", 1, 4)
    shown:step("polling", 2, 4)
    shown:step "created"
    shown:finish()
    assert.equal("\rpolling [#####...............] 1/4 1.0 s\27[K\rpolling [##########..........] 2/4 2.0 s\27[K\n"
      .. "\rcreated 1.0 s\27[K\n", table.concat(written))
  end)

  it("makes room on a terminal for lines that stay, and leaves no empty line", function()
    local shown, written = capture_progress(60)
    shown:step "applying"
    shown:note "a failed"
    shown:note "b failed"
    shown:finish()
    assert.equal("\rapplying 1.0 s\27[K\r\27[Ka failed\nb failed\n", table.concat(written))
  end)

  it("is one plain line a step elsewhere, and nothing when it is quiet", function()
    local shown, written = capture_progress(nil)
    for _, text in ipairs { "polling", "polling", "created" } do shown:step(text) end
    shown:finish()
    assert.equal("polling\ncreated\n", table.concat(written))
    shown, written = capture_progress(80, true)
    shown:step "polling"
    assert.same({}, written)
  end)
end)

describe("a fault of the command itself", function()
  it("is reported with a traceback and status 99", function()
    local init = "package.preload['dataworks.cli.actions'] = function() return { description = '', run = function() error 'boom' end } end"
    local result = command.run("actions", { env = { LUA_INIT = init } })
    assert.equal(99, result.status)
    assert.matches("^dataworks actions: this is a fault of dataworks itself; please report it with these lines\n", result.err)
    assert.matches("boom\nstack traceback:", result.err, 1, true)
  end)

  it("is reported so, too, if what it raised is no text", function()
    local init = "package.preload['dataworks.cli.actions'] = function() return { description = '', run = function() error {} end } end"
    local result = command.run("actions", { env = { LUA_INIT = init } })
    assert.equal(99, result.status)
    assert.matches("^dataworks actions: this is a fault of dataworks itself; [^\n]*\n[^\n]*\ntable: ", result.err)
  end)
end)
