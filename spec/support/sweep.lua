-- Watches a whole run of the suite: every secret that the library was given, and every text that it told: errors,
-- events, debug lines, and whatever was turned into text. At the end none of the first may be in any of the second.

local M = {}

-- Shorter ones, and plain words, are found in ordinary sentences.
local SHORTEST = 6

local secrets, texts, errs = {}, {}, {}
local raw_tostring = tostring

local function keep_secret(text)
  if type(text) == "string" and #text >= SHORTEST and not text:find "^%l+$" then secrets[text] = true end
end

local function keep_text(text)
  if type(text) == "string" then texts[text] = true end
end

--- All the text in a value, at any depth.
local function keep(value, seen)
  if type(value) == "string" then
    texts[value] = true
  elseif type(value) == "table" and not seen[value] then
    seen[value] = true
    keep_text(raw_tostring(value))
    for name, field in next, value do
      keep(name, seen)
      keep(field, seen)
    end
  end
end

local function watch_secrets()
  local core, proxies, caller = require "dataworks.core", require "dataworks.transport.proxy", require "dataworks.call.pipeline"
  local signer, find, request, generate, new = core.signer, proxies.secrets, core.request, core.generate, caller.new

  function core.signer(fields)
    if type(fields) == "table" then
      for _, name in ipairs { "access_key_secret", "security_token", "bearer_token" } do keep_secret(fields[name]) end
    end
    return signer(fields)
  end

  function proxies.secrets(proxy)
    local found = find(proxy)
    for _, secret in ipairs(found) do keep_secret(secret) end
    return found
  end

  local function signed(built, ...)
    if built then
      keep_secret((built.headers.authorization or built.url .. "&" .. built.body):match "Signature=([^&]*)")
    end
    return built, ...
  end
  function core.request(...) return signed(request(...)) end
  function core.generate(...) return signed(generate(...)) end

  function caller.new(options, ...)
    keep_secret(options.client_key_password)
    return new(options, ...)
  end
end

local function watch_texts()
  local errors, events, debugging = require "dataworks.error", require "dataworks.call.events", require "dataworks.call.event_log"
  local new_error, new_events, line = errors.new, events.new, debugging.line

  -- What is known of an error is completed later: it is read at the end.
  function errors.new(...)
    local err = new_error(...)
    errs[#errs + 1] = err
    return err
  end

  function events.new(options, ...)
    local made = new_events(options, ...)
    local emit = made.emit
    function made:emit(event)
      keep(event, {})
      return emit(self, event)
    end
    return made
  end

  function debugging.line(event)
    local text = line(event)
    keep_text(text)
    return text
  end

  function _G.tostring(value) -- luacheck: globals tostring
    local text = raw_tostring(value)
    if type(value) == "table" or type(value) == "userdata" then keep_text(text) end
    return text
  end
end

function M.start()
  watch_secrets()
  watch_texts()
end

--- What was told, a text each; and how many secrets and texts there were.
---@return string[] hits
---@return integer secrets
---@return integer texts
function M.hits()
  for _, err in ipairs(errs) do keep(err, {}) end
  local all, hits, many, told = {}, {}, 0, 0
  for text in pairs(texts) do
    told = told + 1
    all[told] = text
  end
  -- One search in one long text for each secret; which of them it was is looked for only after a hit.
  local everything = table.concat(all, "\0")
  for secret in pairs(secrets) do
    many = many + 1
    if everything:find(secret, 1, true) then
      for _, text in ipairs(all) do
        if text:find(secret, 1, true) then hits[#hits + 1] = ("%q is in %q"):format(secret, text) end
      end
    end
  end
  return hits, many, told
end

return M
