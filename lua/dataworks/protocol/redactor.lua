-- Replaces secrets in texts that people may read, also if another program has escaped, cut or changed the case of a
-- secret. The secrets are kept in a closure, so that no field holds them.

local texts = require "dataworks.util.text"

local M = {}

-- A shorter secret is not redacted, because it would match parts of ordinary words.
local MIN_BYTES = 6

-- Each run of this many bytes of a secret is redacted, in upper and lower case. A shorter secret is redacted only as a
-- whole, and in its own case.
local RUN_BYTES = 12

-- How often escapes are decoded: a JSON text may contain a percent-encoded secret in a percent-encoded URL.
local MAX_LAYERS = 3

-- The longest escape of a byte that is recognized behind a cut, for example \u0026#x00002f; has 14 bytes.
local MAX_ESCAPE_BYTES = 24

local ENTITIES = {
  amp = "&", lt = "<", gt = ">", quot = '"', apos = "'", sol = "/", plus = "+", equals = "=", percnt = "%", bsol = "\\",
}

--- Returns a code point below U+0800 as UTF-8.
local function utf8_char(digits, base)
  local code = tonumber(digits, base)
  if code < 0x80 then
    return string.char(code)
  elseif code < 0x800 then
    return string.char(0xc0 + math.floor(code / 64), 0x80 + code % 64)
  end
end

local function byte_char(hex)
  return string.char(tonumber(hex, 16))
end

-- Patterns of escapes, and functions that decode what a pattern captures. The second capture is the end.
local ESCAPES = {
  { "^%%(%x%x)()", byte_char },
  { "^\\u(%x%x%x%x)()", function(hex) return utf8_char(hex, 16) end },
  { "^\\x(%x%x)()", byte_char },
  { '^\\([/\\"])()', function(char) return char end },
  { "^&#[xX]0*(%x%x?%x?);()", function(hex) return utf8_char(hex, 16) end },
  { "^&#0*(%d%d?%d?%d?);()", function(digits) return utf8_char(digits, 10) end },
  { "^&(%a+);()", function(name) return ENTITIES[name] end },
}

--- Decodes the escape at a position. Returns the bytes that it stands for, and the position after it; nil if there is
--- no escape.
local function decode_at(text, at)
  local start = text:sub(at, at + MAX_ESCAPE_BYTES)
  for _, escape in ipairs(ESCAPES) do
    local captured, stop = start:match(escape[1])
    local bytes = captured and escape[2](captured)
    if bytes then
      return bytes, at + stop - 1
    end
  end
end

--- A text with its escapes decoded. The byte i stands for the bytes from first[i] to last[i] of the original text. If
--- first is nil, each byte stands for itself.
---@class dataworks.DecodedText
---@field text string
---@field first? integer[]
---@field last? integer[]

--- Decodes each escape of a text once. Returns nil if the text has no escape.
---@param layer dataworks.DecodedText
---@return dataworks.DecodedText|nil
local function decode(layer)
  local text, pieces, first, last = layer.text, {}, {}, {}
  local function add(bytes, from, to)
    pieces[#pieces + 1] = bytes
    for i = 1, #bytes do
      local is_copy = #bytes == to - from + 1
      local source, final = is_copy and from + i - 1 or from, is_copy and from + i - 1 or to
      first[#first + 1] = layer.first and layer.first[source] or source
      last[#last + 1] = layer.last and layer.last[final] or final
    end
  end
  local copied, at, found = 1, text:find "[%%\\&]", false
  while at do
    local bytes, after = decode_at(text, at)
    if bytes then
      add(text:sub(copied, at - 1), copied, at - 1)
      add(bytes, at, after - 1)
      copied, found = after, true
    end
    at = text:find("[%%\\&]", after or at + 1)
  end
  if found then
    add(text:sub(copied), copied, #text)
    return { text = table.concat(pieces), first = first, last = last }
  end
end

--- Returns the secrets that are searched as a whole, and the set of all runs of RUN_BYTES bytes of the other ones.
local function index(secrets)
  local short, runs = {}, {}
  for _, secret in ipairs(secrets) do
    if #secret >= RUN_BYTES then
      local lower = secret:lower()
      for at = 1, #lower - RUN_BYTES + 1 do
        runs[lower:sub(at, at + RUN_BYTES - 1)] = true
      end
    elseif #secret >= MIN_BYTES then
      short[#short + 1] = secret
    end
  end
  return short, runs
end

--- Adds the places of secrets in one layer.
local function add_places(places, layer, short, runs)
  local function add(from, to)
    local is_decoded = layer.first ~= nil
    places[#places + 1] = {
      first = is_decoded and layer.first[from] or from, last = is_decoded and layer.last[to] or to,
    }
  end
  for _, secret in ipairs(short) do
    local from, to = layer.text:find(secret, 1, true)
    while from do
      add(from, to)
      from, to = layer.text:find(secret, to + 1, true)
    end
  end
  if next(runs) then
    local lower = layer.text:lower()
    for at = 1, #lower - RUN_BYTES + 1 do
      if runs[lower:sub(at, at + RUN_BYTES - 1)] then
        add(at, at + RUN_BYTES - 1)
      end
    end
  end
end

--- Returns the first and last position of each secret in a text, sorted by the first position.
local function find_places(text, short, runs)
  local places, layer = {}, { text = text }
  add_places(places, layer, short, runs)
  for _ = 1, MAX_LAYERS do
    layer = decode(layer)
    if not layer then
      break
    end
    add_places(places, layer, short, runs)
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
--- the cut, as far as a run can reach, and replaces a secret that begins before the cut.
function M.new(secrets)
  local short, runs
  return function(text, max_bytes)
    if not short then
      short, runs = index(secrets) -- on first use, because most clients never show an error
    end
    local stop, ending = #text, ""
    if max_bytes and #text > max_bytes then
      text = text:sub(1, max_bytes + RUN_BYTES * MAX_ESCAPE_BYTES)
      stop, ending = texts.cut_length(text, max_bytes), "..."
    end
    return replace(text, find_places(text, short, runs), stop) .. ending
  end
end

return M
