local errors = require "dataworks.error"

describe("an error", function()
  it("keeps known fields only", function()
    local err = errors.new { kind = "service", message = "no", code = "C", sent = true, access_key_secret = "s", headers = {} }
    assert.same({ kind = "service", message = "no", code = "C", sent = true, may_have_acted = true }, err)
  end)

  it("leaves out a field of the wrong type", function()
    assert.same({ kind = "service", message = "no", sent = false, may_have_acted = false },
      errors.new { kind = "service", message = "no", code = {}, status = "4", sent = false })
  end)

  it("has a tostring of one line with action, message, details and advice", function()
    local err = errors.new {
      kind = "service", action = "CreateDISyncTask", message = "The file name already exists.", code = "Invalid.X",
      status = 400, request_id = "R", attempts = 2, endpoint = "example.com", advice = "Choose another name.", sent = true,
      may_have_acted = false,
    }
    assert.equal("CreateDISyncTask: The file name already exists (Invalid.X, HTTP 400, example.com, request R, 2 attempts). "
      .. "Choose another name.", tostring(err))
  end)

  it("has advice in sentences", function()
    for given, expected in pairs {
      ["check the region"] = "Check the region.", ["Check the region."] = "Check the region.", ["is it up?"] = "Is it up?",
      ["max_reply_bytes sets the limit"] = "max_reply_bytes sets the limit.",
    } do
      assert.equal(expected, errors.new({ kind = "invalid", advice = given }).advice)
    end
  end)

  it("adds no full stop after a question", function()
    local err = errors.new { kind = "invalid", message = "unknown a; did you mean b?", advice = "Look it up." }
    assert.equal("unknown a; did you mean b? Look it up.", tostring(err))
  end)

  it("names the refused field", function()
    local err = errors.new { kind = "invalid", action = "A", path = "TaskParam.steps[1]", message = "is missing" }
    assert.equal("A: TaskParam.steps[1]: is missing", tostring(err))
  end)

  it("says when the call may have been carried out, and which token makes a retry safe", function()
    local err = errors.new { kind = "transport", message = "broken", sent = "unknown", client_token = "T" }
    assert.equal("broken (it may have been carried out, ClientToken T)", tostring(err))
    assert.equal("broken", tostring(errors.new { kind = "transport", message = "broken", sent = false, client_token = "T" }))
  end)

  it("does not say so when the service did not act, or a retry is safe", function()
    local function text(may_have_acted, retryable)
      return tostring(errors.new {
        kind = "service", message = "no", sent = true, may_have_acted = may_have_acted, retryable = retryable,
      })
    end
    assert.equal("no", text(false, false))
    assert.equal("no", text(false, true))
    assert.equal("no (it may have been carried out)", text(true, false))
    assert.equal("no", text(true, true))
  end)

  it("derives may_have_acted from sent", function()
    assert.is_true(errors.new { kind = "transport", sent = "unknown" }.may_have_acted)
    assert.is_true(errors.new { kind = "transport", sent = true }.may_have_acted)
    assert.is_false(errors.new { kind = "transport", sent = false }.may_have_acted)
  end)

  it("always has sent: false for what is found before sending, and otherwise unknown unless it is given", function()
    for kind, sent in pairs { invalid = false, credentials = false, transport = "unknown", service = "unknown" } do
      local err = errors.new { kind = kind }
      assert.same({ sent, sent ~= false }, { err.sent, err.may_have_acted })
    end
  end)

  it("says why there was no retry, unless the number of attempts does", function()
    local function text(gave_up)
      return tostring(errors.new { kind = "service", message = "busy", code = "C", gave_up = gave_up, attempts = 3, sent = false })
    end
    assert.equal("busy (C, 3 attempts, no time was left for a retry)", text "deadline")
    assert.equal("busy (C, 3 attempts, not retried, since too many calls failed before)", text "budget")
    assert.equal("busy (C, 3 attempts)", text "attempts")
  end)

  it("can be concatenated with text and with errors on both sides", function()
    local err = errors.new { kind = "task", message = "no", sent = false }
    assert.equal("a no", "a " .. err)
    assert.equal("no b", err .. " b")
    assert.equal("nono", err .. err)
  end)

  it("escapes control characters and bounds its texts", function()
    local err = errors.new { kind = "protocol", message = "a\nb\r\t\0\27[31m\127" }
    assert.equal([[a\nb\r\t\x00\x1b[31m\x7f]], err.message)
    assert.equal([[\u{202e}txt \xff]], errors.new({ kind = "task", code = "\226\128\174txt \255" }).code)
    assert.is_true(#errors.new({ kind = "task", message = ("x"):rep(1e6) }).message < 2100)
  end)

  it("cuts texts between characters of UTF-8", function()
    assert.equal("é...", errors.line("ééé", 3))
    assert.equal("éé", errors.line("éé", 4))
  end)

  it("about a given value names the action and the value, and says that nothing was sent", function()
    local err = errors.invalid("GetDISyncTask", "FileId", "expected a number", "look at it")
    assert.equal("GetDISyncTask: FileId: expected a number. Look at it.", tostring(err))
    assert.same({ "invalid", false, false }, { err.kind, err.sent, err.may_have_acted })
  end)

  it("of a callback has its name and what it raised", function()
    assert.is_nil(errors.run_callback("on_step", nil, {}))
    assert.is_nil(errors.run_callback("on_step", function(value) return value end, {}))
    assert.same({ kind = "cancelled", sent = false, message = "on_step raised: full" },
      errors.run_callback("on_step", function(value) error(value, 0) end, "full"))
  end)

  it("is recognized by its metatable", function()
    assert.is_true(errors.is(errors.new {}))
    for _, other in ipairs { {}, { kind = "task" }, "task", 1, false } do
      assert.is_false(errors.is(other))
    end
    assert.is_false(errors.is(nil))
  end)

  it("can be raised and caught", function()
    local err = errors.new { kind = "task", message = "no" }
    local ok, caught = pcall(error, err)
    assert.is_false(ok)
    assert.equal(err, caught)
  end)
end)
