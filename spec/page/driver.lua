-- Drives headless Chromium through chromedriver (W3C WebDriver over HTTP).

local cjson = require "cjson"
local ports = require "spec.support.ports"
local shell = require "spec.support.shell"

local M = {}

local Driver = {}
Driver.__index = Driver

local ELEMENT = "element-6066-11e4-a52e-4f735466cecf"

local function ask(self, method, path, body)
  local command = ("env -u LD_PRELOAD curl -sS --noproxy '*' --max-time 60 -X %s http://127.0.0.1:%d%s"):format(method,
    self.port, path)
  if method == "POST" then
    local text = body and next(body) and cjson.encode(body) or "{}"
    command = command .. " -H 'Content-Type: application/json' -d " .. shell.quote(text)
  end
  local value = cjson.decode(shell.output(command)).value
  if type(value) == "table" and value.error then error(value.error .. ": " .. value.message, 3) end
  return value
end

local ARGUMENTS = {
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
}

---@param width integer
---@param height integer
function M.start(width, height)
  local self = setmetatable({ port = ports.random(), profile = shell.output "mktemp -d /tmp/dataworks-page.XXXXXX" }, Driver)
  self.pid = shell.output(("env -u LD_PRELOAD chromedriver --port=%d >%s/log 2>&1 </dev/null & echo $!"):format(self.port, self.profile))
  for _ = 1, 100 do
    if select(2, shell.run(("env -u LD_PRELOAD curl -s --noproxy '*' http://127.0.0.1:%d/status"):format(self.port))) == 0 then break end
    shell.run "sleep 0.1"
  end
  local arguments = { ("--window-size=%d,%d"):format(width, height), "--user-data-dir=" .. self.profile .. "/profile" }
  for _, argument in ipairs(ARGUMENTS) do arguments[#arguments + 1] = argument end
  local session = ask(self, "POST", "/session", {
    capabilities = { alwaysMatch = { ["goog:chromeOptions"] = { args = arguments, binary = "/usr/bin/chromium" } } },
  })
  self.path = "/session/" .. session.sessionId
  return self
end

function Driver:open(url) ask(self, "POST", self.path .. "/url", { url = url }) end

local function element(self, selector)
  return ask(self, "POST", self.path .. "/element", { using = "css selector", value = selector })[ELEMENT]
end

function Driver:click(selector) ask(self, "POST", ("%s/element/%s/click"):format(self.path, element(self, selector))) end

function Driver:clear(selector) ask(self, "POST", ("%s/element/%s/clear"):format(self.path, element(self, selector))) end

function Driver:type(selector, text)
  ask(self, "POST", ("%s/element/%s/value"):format(self.path, element(self, selector)), { text = text })
end

--- What a JavaScript expression gives.
function Driver:value(expression)
  return ask(self, "POST", self.path .. "/execute/sync", { script = "return " .. expression, args = setmetatable({ "" }, nil) })
end

--- The value once it is true, or an error with what it was.
function Driver:await(expression)
  local value
  for _ = 1, 300 do
    value = self:value(expression)
    if value and value ~= cjson.null then return value end
    shell.run "sleep 0.1"
  end
  error(("%s is still %s"):format(expression, tostring(value)), 2)
end

--- A PNG of what is seen, for a person to look at.
function Driver:screenshot(path)
  local file = assert(io.open(path .. ".b64", "wb"))
  file:write(ask(self, "GET", self.path .. "/screenshot"))
  file:close()
  shell.output(("base64 -d <%s.b64 >%s; rm %s.b64"):format(shell.quote(path), shell.quote(path), shell.quote(path)))
end

function Driver:stop()
  pcall(ask, self, "DELETE", self.path)
  shell.run(("kill %s; for i in $(seq 50); do kill -0 %s 2>/dev/null || break; sleep 0.1; done; rm -rf %s"):format(
    self.pid, self.pid, self.profile))
end

return M
