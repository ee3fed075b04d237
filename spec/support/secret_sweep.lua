-- Watches a whole run of the suite. Collects each secret that the library receives, and each text that the library
-- shows in errors, events, debug lines and results of tostring. At the end, searches the texts for the secrets.

local M = {}

-- Shorter secrets, and secrets that consist of lower-case letters only, are not collected, because ordinary sentences
-- can contain them.
local MIN_BYTES = 6

local secrets, texts, errs = {}, {}, {}
local raw_tostring = tostring

--- Collects a secret.
local function keep_secret(text)
  if type(text) == "string" and #text >= MIN_BYTES and not text:find "^%l+$" then secrets[text] = true end
end

--- Collects a text that the library shows.
local function keep_text(text)
  if type(text) == "string" then texts[text] = true end
end

--- Collects all texts in a value, at any depth.
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

--- Collects the signature of a request as a secret, and returns the arguments.
local function keep_signature(built, ...)
  if built then
    keep_secret((built.headers.authorization or built.url .. "&" .. built.body):match "Signature=([^&]*)")
  end
  return built, ...
end

--- Replaces the functions that receive secrets by functions that also collect the secrets.
local function watch_secrets()
  local core, proxies, callers = require "dataworks.core", require "dataworks.transport.proxy", require "dataworks.call.caller"
  local signer, proxy_secrets, new = core.signer, proxies.secrets, callers.new
  local request, signed_request, generate = core.request, core.signed_request, core.generate

  function core.signer(fields)
    if type(fields) == "table" then
      for _, name in ipairs { "access_key_secret", "security_token", "bearer_token" } do keep_secret(fields[name]) end
    end
    return signer(fields)
  end

  function proxies.secrets(proxy)
    local found = proxy_secrets(proxy)
    for _, secret in ipairs(found) do keep_secret(secret) end
    return found
  end

  function core.request(...) return keep_signature(request(...)) end
  function core.signed_request(...) return keep_signature(signed_request(...)) end
  function core.generate(...) return keep_signature(generate(...)) end

  function callers.new(options, ...)
    keep_secret(options.client_key_password)
    return new(options, ...)
  end
end

--- Replaces the functions that create errors, events, debug lines and texts by functions that also collect the texts.
local function watch_texts()
  local errors, events, event_log = require "dataworks.error", require "dataworks.call.events", require "dataworks.call.event_log"
  local new_error, new_events, line = errors.new, events.new, event_log.line

  -- The library adds fields to an error later. Therefore, the texts of errors are collected at the end of the run.
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

  function event_log.line(event)
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

--- Begins to collect secrets and texts.
function M.start()
  watch_secrets()
  watch_texts()
end

--- Searches the collected texts for the collected secrets.
---@return string[] hits one line for each secret that a text contains
---@return integer secrets the number of secrets
---@return integer texts the number of texts
function M.hits()
  for _, err in ipairs(errs) do keep(err, {}) end
  local all, hits, secret_count = {}, {}, 0
  for text in pairs(texts) do all[#all + 1] = text end
  -- Search all texts at once. Search single texts only if a secret was found.
  local everything = table.concat(all, "\0")
  for secret in pairs(secrets) do
    secret_count = secret_count + 1
    if everything:find(secret, 1, true) then
      for _, text in ipairs(all) do
        if text:find(secret, 1, true) then hits[#hits + 1] = ("%q is in %q"):format(secret, text) end
      end
    end
  end
  return hits, secret_count, #all
end

return M
