-- Why the service computed another signature: what it says that it received, held against what was signed. The answer
-- names the first thing that differs; of values it tells those alone that are no secret and nobody's business.

local core = require "dataworks.core"
local percent = require "dataworks.util.percent"

local M = {}

local RPC = "HMAC-SHA1"

-- What the service says

local function after(message, mark)
  local _, last = message:find(mark, 1, true)
  return last and message:sub(last + 1) or ""
end

local function echo_of(message)
  message = message:gsub("\r\n", "\n"):match("^.*%S") or ""
  return {
    string_to_sign = after(message, "server StringToSign is ["):match("^([^%]]*)%]")
      or after(message, "server string to sign is:"):match("^%s*%[?([^%[%]]+)"),
    canonical_request = after(message, "server CanonicalRequest is ["):match("^(.*)%]"),
    authorization = message:find("server Authorization is", 1, true) ~= nil,
  }
end

-- What was signed, made again from the request. No key is needed for what comes before the signature.

local function by_name(list)
  local found = {}
  for _, pair in ipairs(list) do
    found[pair.name] = pair.value
  end
  return found
end

local function signed_texts(request, algorithm)
  local query = request.url:match("%?(.*)$") or ""
  local fields = { algorithm = algorithm, method = request.method, access_key_id = "", access_key_secret = "" }
  if algorithm == RPC then
    fields.params = by_name(percent.parse(query .. "&" .. request.body))
    fields.params.Signature = nil
  else
    fields.query, fields.headers, fields.body = by_name(percent.parse(query)), request.headers, request.body
  end
  return core.sign(fields)
end

-- Taking both apart

local function headers_of(text)
  local list = {}
  for line in text:gmatch("[^\n]+") do
    local name, value = line:match("^([^:]*):?(.*)$")
    list[#list + 1] = { name = name, value = value }
  end
  return list
end

local function parts_of_acs3(canonical)
  local method, path, query, headers, signed, hash =
    (canonical or ""):match("^([^\n]*)\n([^\n]*)\n([^\n]*)\n(.-)\n\n([^\n]*)\n(%x+)$")
  return method and {
    method = method, path = path, query = query, headers = headers_of(headers), signed = signed, hash = hash,
  }
end

local function parts_of_rpc(string_to_sign)
  local method, path, query = string_to_sign:match("^([^&]*)&([^&]*)&(.*)$")
  return method and { method = method, path = percent.decode(path), query = percent.decode(query) }
end

-- Comparing them. Each gives what differs and how, in words, and what to look for.

local SHOWN = {
  host = true, ["content-type"] = true, ["x-acs-action"] = true, ["x-acs-version"] = true, ["x-acs-date"] = true,
}

local LONGEST_SHOWN = 64

local function is_plain(text)
  return text ~= "" and #text <= LONGEST_SHOWN and not text:find("[^%w%-%._:/;=, ]")
end

local function as_arrived(shown, ours, theirs)
  if theirs == "" then
    return "did not arrive"
  elseif shown and is_plain(ours) and is_plain(theirs) then
    return ("was signed as %s and arrived as %s"):format(ours, theirs)
  elseif ours:sub(1, #theirs) == theirs then
    return ("arrived cut to %d of its %d bytes"):format(#theirs, #ours)
  end
  return "arrived with another value"
end

--- A name from the network is told only if it looks like one.
local function named(what, name)
  return #name <= LONGEST_SHOWN and name:find("^[%w_.-]+$") and what .. " " .. name or "a " .. what
end

local function changed_pair(what, ours, theirs, shown)
  local arrived, signed = {}, by_name(ours)
  for _, pair in ipairs(theirs) do
    if arrived[pair.name] then
      return named(what, pair.name), "arrived twice"
    end
    arrived[pair.name] = pair.value
  end
  for _, pair in ipairs(ours) do
    local value = arrived[pair.name] or ""
    if value ~= pair.value or not arrived[pair.name] then
      return named(what, pair.name), as_arrived(shown[pair.name], pair.value, value)
    end
  end
  for _, pair in ipairs(theirs) do
    if not signed[pair.name] then
      return named(what, pair.name), "was added"
    end
  end
end

local URLS = "look for a proxy that rewrites or cuts URLs"
local HEADERS = "look for a proxy, or a transport of your own, that changes headers"
local BODIES = "look for a proxy or filter that rewrites bodies"
local HOSTS = "let the proxy pass the Host header on, or use as endpoint the name that it sends"

local function changed_values(what, ours, theirs, advice)
  if ours == theirs then
    return nil
  end
  local thing, how = changed_pair(what, percent.parse(ours), percent.parse(theirs), {})
  if thing then
    return thing, how, advice
  end
  return "the " .. what .. "s", "arrived with the same values, but in another order or encoding", advice
end

-- In the order in which a canonical request has them; each is silent where both are equal.

local function changed_method(ours, theirs)
  if ours.method ~= theirs.method then
    local shown = theirs.method:find("^%u+$") ~= nil
    return "the method", as_arrived(shown, ours.method, theirs.method), "look for a proxy or a redirect that changes it"
  end
end

local function changed_path(ours, theirs)
  if ours.path ~= theirs.path then
    return "the path", as_arrived(true, ours.path, theirs.path), URLS
  end
end

local function changed_query(ours, theirs)
  return changed_values("query parameter", ours.query, theirs.query, URLS)
end

local function changed_parameters(ours, theirs)
  return changed_values("parameter", ours.query, theirs.query, URLS .. " or bodies")
end

local function changed_headers(ours, theirs)
  local thing, how = changed_pair("header", ours.headers, theirs.headers, SHOWN)
  return thing, how, thing == "header host" and HOSTS or HEADERS
end

local function changed_list(ours, theirs)
  if ours.signed ~= theirs.signed then
    return "the list of signed headers", "arrived changed", HEADERS
  end
end

local function changed_body(ours, theirs)
  if ours.hash ~= theirs.hash then
    return "the body", "arrived changed", BODIES
  end
end

local RPC_PARTS = { changed_method, changed_path, changed_parameters }
local ACS3_PARTS = { changed_method, changed_path, changed_query, changed_headers, changed_list, changed_body }

local function first_change(parts, ours, theirs)
  for _, part in ipairs(ours and theirs and parts or {}) do
    local thing, how, advice = part(ours, theirs)
    if thing then
      return thing, how, advice
    end
  end
end

local function changed(algorithm, ours, echo)
  local theirs = echo.string_to_sign
  if algorithm == RPC then
    return first_change(RPC_PARTS, parts_of_rpc(ours.string_to_sign), parts_of_rpc(theirs))
  end
  local their_algorithm = theirs:match("^[^\n]*")
  if their_algorithm ~= algorithm then
    return "the signature's algorithm", as_arrived(true, algorithm, their_algorithm), HEADERS
  end
  return first_change(ACS3_PARTS, parts_of_acs3(ours.canonical_request), parts_of_acs3(echo.canonical_request))
end

-- The answer

local WRONG_SECRET = "The AccessKey secret is wrong, or belongs to another AccessKey id: the service signed the same "
  .. "text, so nothing changed the request on its way"
local UNSIGNED = "What was signed arrived unchanged, so the signature was changed on its way, or a header x-acs-* was "
  .. "added or taken away; " .. HEADERS
local SOMETHING = "The request was changed on its way; look for a proxy that rewrites URLs, headers or bodies"

local SIGNATURE_CODES = { SignatureDoesNotMatch = WRONG_SECRET, IncompleteSignature = UNSIGNED }

--- One line of help for a refused signature; nil for another error, or when the service doesn't say what it signed.
---@param request { method: string, url: string, headers: table<string, string>, body: string } as it was signed
---@param code string|nil
---@param message string|nil with the service's echo of the request
---@return string|nil
function M.explain(request, code, message)
  local when_equal = SIGNATURE_CODES[code or ""]
  local echo = when_equal and echo_of(message or "")
  if not echo then
    return nil
  elseif echo.authorization then
    return "The header authorization arrived cut or rewritten; " .. HEADERS
  end
  local algorithm = (request.headers.authorization or RPC):match("^%S+")
  local ours = echo.string_to_sign and signed_texts(request, algorithm)
  if not ours then
    return nil
  elseif ours.string_to_sign == echo.string_to_sign then
    return when_equal
  end
  local thing, how, advice = changed(algorithm, ours, echo)
  return thing and ("The request was changed on its way: %s %s; %s"):format(thing, how, advice) or SOMETHING
end

return M
