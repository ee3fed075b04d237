-- A headless Chromium, driven through chromedriver and the WebDriver protocol.

local cjson = require "cjson"
local curl = require "dataworks.curl"
local ports = require "spec.support.ports"
local shell = require "spec.support.shell"

local M = {}

local Browser = {}
Browser.__index = Browser

local ARGUMENTS = {
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--no-proxy-server",
}

function Browser:send(method, path, body)
  local url = ("http://127.0.0.1:%d%s"):format(self.port, path)
  local text = type(body) == "table" and cjson.encode(body) or body or ""
  local status, headers, reply = self.http:send({ method = method, url = url, headers = { ["Content-Type"] = "application/json" }, body = text }, 60)
  if not status then error(headers.message, 2) end
  local value = cjson.decode(reply).value
  if status ~= 200 then error(value.message, 2) end
  return value
end

local function await(what, probe)
  for _ = 1, 200 do
    local ok, value = pcall(probe)
    if ok and value then return value end
    shell.run "sleep 0.1"
  end
  error("after 20 seconds there is still no " .. what, 3)
end

function M.start()
  local self = setmetatable({ directory = shell.output "mktemp -d /tmp/dataworks-page.XXXXXX", http = curl.new {} }, Browser)
  self.port = ports.random()
  self.pid = shell.output(("{ env -u LD_PRELOAD HOME=%s chromedriver --port=%d >%s/log 2>&1 & echo $!; }")
    :format(self.directory, self.port, self.directory))
  self.guard = shell.guard(self.pid, self.directory)
  await("chromedriver", function() return self:send("GET", "/status").ready end)
  local arguments = { "--user-data-dir=" .. self.directory .. "/profile" }
  for _, argument in ipairs(ARGUMENTS) do arguments[#arguments + 1] = argument end
  self.session = "/session/" .. self:send("POST", "/session", { capabilities = { alwaysMatch = {
    ["goog:chromeOptions"] = { args = arguments }, ["goog:loggingPrefs"] = { browser = "ALL" },
  } } }).sessionId
  return self
end

function Browser:open(url)
  self:send("POST", self.session .. "/url", { url = url })
end

function Browser:size(width, height)
  self:devtools("Emulation.setDeviceMetricsOverride", { width = width, height = height, deviceScaleFactor = 1, mobile = false })
end

function Browser:dark(dark)
  self:devtools("Emulation.setEmulatedMedia", { features = { { name = "prefers-color-scheme", value = dark and "dark" or "light" } } })
end

function Browser:devtools(command, params)
  return self:send("POST", self.session .. "/goog/cdp/execute", { cmd = command, params = params })
end

--- Runs a script in the page and returns its result.
function Browser:run(script)
  -- cjson can't write an empty list.
  return self:send("POST", self.session .. "/execute/sync", ('{"script":%s,"args":[]}'):format(cjson.encode(script)))
end

local function element(self, selector)
  return select(2, next(self:send("POST", self.session .. "/element", { using = "css selector", value = selector })))
end

function Browser:click(selector)
  self:send("POST", ("%s/element/%s/click"):format(self.session, element(self, selector)), {})
end

function Browser:type(selector, text)
  local path = ("%s/element/%s"):format(self.session, element(self, selector))
  self:send("POST", path .. "/clear", {})
  self:send("POST", path .. "/value", { text = text })
end

--- The visible text: "" when the element is hidden.
function Browser:text(selector)
  return self:send("GET", ("%s/element/%s/text"):format(self.session, element(self, selector)))
end

function Browser:await_text(selector, pattern)
  local seen
  return await(selector .. " with " .. pattern, function()
    seen = self:text(selector)
    return seen:find(pattern) and seen
  end)
end

--- The messages on the console of the page, with violations of its content security policy.
function Browser:console()
  local lines = {}
  for _, entry in ipairs(self:send("POST", self.session .. "/se/log", { type = "browser" })) do lines[#lines + 1] = entry.message end
  return table.concat(lines, "\n")
end

--- A picture of the page: PNG in base64.
function Browser:picture()
  return self:devtools("Page.captureScreenshot", { captureBeyondViewport = true }).data
end

--- Stops chromedriver, which stops Chromium.
function Browser:stop()
  pcall(self.send, self, "GET", "/shutdown")
  self.http:close()
  self.guard:close()
end

return M
