local drivers = require "spec.page.driver"
local emulators = require "spec.support.emulator"
local services = require "spec.support.service"

describe("the page", function()
  local emulator, service, driver

  setup(function()
    emulator = emulators.start()
    service = services.start(emulator)
    driver = drivers.start(1200, 900)
    driver:open(service:url "/")
  end)
  teardown(function()
    for _, started in pairs { driver = driver, service = service, emulator = emulator } do started:stop() end
  end)

  local SHOTS = os.getenv "SCREENSHOTS"
  local function shoot(name)
    if SHOTS then driver:screenshot(("%s/%s.png"):format(SHOTS, name)) end
  end

  local function state_of(name)
    return ("[...document.querySelectorAll('#tasks li')].find(li => li.querySelector('.name').textContent === '%s')"):format(name)
  end

  it("says that there is nothing yet", function()
    assert.equal("0 running, 0 created", driver:await [[document.querySelector('#summary').textContent.match(/running/) && document.querySelector('#summary').textContent]])
    assert.is_false(driver:value "document.querySelector('#empty').hidden")
  end)

  it("starts the task of its form, shows how far it is, and that it is created", function()
    driver:click "form button"
    driver:await(state_of "orders_to_odps")
    shoot "running"
    assert.matches("^File %d+$", driver:await(("(%s.className === 'created') && %s.querySelector('.detail').textContent"):format(
      state_of "orders_to_odps", state_of "orders_to_odps")))
    assert.equal(4, driver:value(state_of "orders_to_odps" .. ".querySelector('progress').value"))
    assert.is_true(driver:value "document.querySelector('#problem').hidden")
    shoot "created"
  end)

  it("says beside the form what is wrong with a task", function()
    driver:clear "[name=ProjectId]"
    driver:type("[name=ProjectId]", "none")
    driver:click "form button"
    assert.matches("ProjectId", driver:await "!document.querySelector('#problem').hidden && document.querySelector('#problem').textContent")
    driver:clear "[name=TaskParam]"
    driver:type("[name=TaskParam]", "{no json")
    driver:click "form button"
    assert.matches("^The script is no JSON", driver:await
      "document.querySelector('#problem').textContent.match(/no JSON/) && document.querySelector('#problem').textContent")
    shoot "problem"
  end)

  it("shows a task that failed, and text from outside as text", function()
    emulator:fault { fault = "error", action = "GenerateDISyncTaskConfigForCreating", status = 403, code = "Forbidden.Access", times = 9 }
    driver:open(service:url "/")
    driver:clear "[name=TaskName]"
    driver:type("[name=TaskName]", "<b>bold</b>")
    driver:click "form button"
    driver:await(state_of "<b>bold</b>" .. ".className === 'failed'")
    assert.matches("Forbidden.Access", driver:value(state_of "<b>bold</b>" .. ".querySelector('.detail').textContent"))
    assert.equal(0, driver:value "document.querySelectorAll('#tasks b').length")
    shoot "failed"
  end)
end)
