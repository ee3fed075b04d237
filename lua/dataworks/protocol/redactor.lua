-- Replaces secrets in texts that people may read. The secrets are kept in a closure, so that no field holds them.

local core = require "dataworks.core"
local texts = require "dataworks.util.text"

local M = {}

-- A shorter secret is not redacted, because it would match parts of ordinary words.
local MIN_BYTES = 6

--- Returns the forms in which a text may contain the secrets: plain, and percent-encoded once or twice. Also returns
--- the length of the longest form.
local function forms_of(secrets)
  local forms, longest = {}, 0
  for _, secret in ipairs(secrets) do
    if #secret >= MIN_BYTES then
      local once = core.percent_encode(secret)
      forms[#forms + 1] = secret
      forms[#forms + 1] = once ~= secret and once or nil
      forms[#forms + 1] = once ~= secret and core.percent_encode(once) or nil
      longest = math.max(longest, #forms[#forms])
    end
  end
  return forms, longest
end

--- Returns the first and last position of each form in a text, sorted by the first position.
local function find_places(text, forms)
  local places = {}
  for _, form in ipairs(forms) do
    local first, last = text:find(form, 1, true)
    while first do
      places[#places + 1] = { first = first, last = last }
      first, last = text:find(form, last + 1, true)
    end
  end
  table.sort(places, function(one, other) return one.first < other.first end)
  return places
end

--- Returns the text up to the position `stop`, with *** instead of the text at each place. Places that overlap get one
--- ***.
local function replace(text, places, stop)
  local out, at, reached = {}, 1, 0
  for _, place in ipairs(places) do
    if place.first > stop then
      break
    elseif place.first > reached then
      out[#out + 1] = text:sub(at, place.first - 1) .. "***"
    end
    reached = math.max(reached, place.last)
    at = reached + 1
  end
  out[#out + 1] = text:sub(at, stop)
  return table.concat(out)
end

--- Returns a function that replaces each secret in a text by ***. With `max_bytes`, the function cuts a longer text,
--- which limits the time that it takes. The cut leaves no part of a secret: the function also searches the bytes after
--- the cut, as far as the longest secret can reach, and replaces a secret that begins before the cut.
function M.new(secrets)
  local forms, longest = forms_of(secrets)
  return function(text, max_bytes)
    local stop, ending = #text, ""
    if max_bytes and #text > max_bytes then
      text, stop, ending = text:sub(1, max_bytes + longest), texts.cut_length(text, max_bytes), "..."
    end
    return replace(text, find_places(text, forms), stop) .. ending
  end
end

return M
