-- The page of examples/openresty in a real browser.

local browsers = require "spec.page.browser"
local emulators = require "spec.support.emulator"
local services = require "spec.support.service"

describe("the page of examples/openresty", function()
  local emulator, service, browser

  setup(function()
    emulator = emulators.start()
    service = services.start(emulator)
    browser = browsers.start()
  end)

  teardown(function()
    for _, server in pairs { browser = browser, service = service, emulator = emulator } do server:stop() end
  end)

  -- PICTURES=DIR saves pictures of the page, for people to look at.
  local function picture(name)
    local directory = os.getenv "PICTURES"
    if directory then
      local pipe = assert(io.popen(("base64 -d >%s/%s.png"):format(directory, name), "w"))
      pipe:write(browser:picture())
      pipe:close()
    end
  end

  before_each(function()
    browser:size(1280, 900)
    browser:dark(false)
    browser:open(service:url "/")
  end)

  it("starts the example with one click, and shows its progress and its file", function()
    emulator:settings { pending_calls = 4 }
    browser:await_text("#empty", "^No tasks yet")
    browser:click "button"
    browser:await_text("#said", "^The task was started%.$")
    browser:await_text("#tasks .task .step", "^Generating$")
    assert.equal("orders_to_odps", browser:text "#tasks .task .name")
    assert.is_true(browser:run "return Number(document.querySelector('.track').getAttribute('aria-valuenow'))" > 0)
    picture "running"
    browser:await_text("#tasks .task .step", "^Created$")
    assert.matches("file %d+", browser:text "#tasks .task .facts")
    assert.matches("^0 running, 1 ended$", browser:text "#summary")
    assert.equal("orders_to_odps: Created", browser:run "return document.querySelector('[role=log]').textContent")
    assert.equal(1, #emulator:journal "CreateDISyncTask")
    assert.equal("", browser:text "#empty")
  end)

  it("updates elements in place, and announces only the ends of tasks", function()
    emulator:settings { pending_calls = 4 }
    browser:type("#TaskName", "in_place")
    browser:click "button"
    browser:await_text("#tasks .task .step", "^Generating$")
    browser:run "window.kept = [...document.querySelectorAll('#tasks .task:first-child *')].slice(0, 6)"
    browser:await_text("#tasks .task .step", "^Created$")
    assert.is_true(browser:run "return window.kept.every((node) => node.isConnected)")
    assert.equal(1, browser:run "return document.querySelector('[role=log]').children.length")
  end)

  it("sends a script unchanged, with all digits of its ids", function()
    browser:type("#script", [[{ "type":"realtime","version":"1.0","setting":{"resourceGroup":"S_res_group_1_2",
      "taskType":"oneclick_to_odps"},"steps":[{"category":"reader","name":"Reader","stepType":"mysql","parameter":{"connection":[
      {"datasourceType":"mysql","datasource":"mysql_pub","table":["orders"]}]}},{"category":"writer","name":"Writer","stepType":"odps",
      "parameter":{"id":123456789012345678,"list":[],"datasource":"odps_source"}}]}]])
    emulator:settings { pending_calls = 0 }
    browser:type("#TaskName", "as_written")
    local script = browser:run "return document.querySelector('#script').value"
    browser:click "button"
    browser:await_text("#tasks .task .step", "^Created$")
    local sent = emulator:journal "GenerateDISyncTaskConfigForCreating"
    assert.equal(script, sent[#sent].params.TaskParam)
  end)

  it("shows a problem at its field, and moves the focus there", function()
    browser:type("#script", "{ no")
    browser:click "button"
    assert.matches("^This is not JSON", browser:text "#script-wrong")
    browser:type("#script", '{"type":"realtime","version":"1.0","steps":[]}')
    browser:click "button"
    browser:await_text("#script-wrong", "^TaskParam%.setting is missing")
    browser:type("#ProjectId", "ten")
    browser:click "button"
    browser:await_text("#ProjectId-wrong", "whole number")
    assert.equal("true", browser:run "return document.activeElement.getAttribute('aria-invalid')")
    local described = browser:run "return document.activeElement.getAttribute('aria-describedby')"
    assert.not_equal("", browser:text("#" .. described))
    picture "wrong"
  end)

  it("shows why a task failed, and shows names as text, never as markup", function()
    emulator:fault { fault = "error", action = "GenerateDISyncTaskConfigForCreating", status = 403, code = "Forbidden.Access", message = "<b>no</b>" }
    browser:type("#TaskName", "<img src=x onerror=alert(1)>")
    browser:click "button"
    browser:await_text("#tasks .task .problem", "Forbidden%.Access: <b>no</b>")
    assert.equal("<img src=x onerror=alert(1)>", browser:text "#tasks .task .name")
    assert.equal(0, browser:run "return document.querySelectorAll('#tasks img, #tasks b').length")
    assert.equal("Failed", browser:text "#tasks .task .step")
    picture "failed"
    browser:dark(true)
    picture "dark"
  end)

  it("fits a phone", function()
    browser:size(360, 740)
    browser:await_text("#summary", "ended")
    assert.is_true(browser:run "return document.documentElement.scrollWidth <= 360")
    picture "phone"
  end)

  it("labels every field and every progress bar for screen readers", function()
    assert.equal(0, browser:run [[return [...document.querySelectorAll('input, select, textarea')]
      .filter((input) => !input.labels.length).length]])
    browser:await_text("#summary", "ended")
    assert.equal(0, browser:run "return document.querySelectorAll('[role=progressbar]:not([aria-label])').length")
  end)

  it("writes nothing but the refusals to its console", function()
    local refused = 0
    for line in browser:console():gmatch "[^\n]+" do
      refused = refused + 1
      assert.matches("/sync%-tasks .*400", line)
    end
    assert.equal(2, refused)
  end)
end)
