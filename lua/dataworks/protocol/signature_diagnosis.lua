-- Explains why the service refused a signature. The error message of the service repeats the request that the service
-- received; this part of the message is called the echo here. The module compares the echo with the request that was
-- signed, and names the first difference. Values that may be secret are not shown.

local core = require "dataworks.core"
local form_text = require "dataworks.protocol.form"

local M = {}

local RPC = "HMAC-SHA1"

-- The maximum number of bytes that a message can have in addition to the echo of the signed request. A proxy may have
-- added parameters or headers to the request.
local MAX_OTHER_BYTES = 65536

-- The request that the service received

--- Returns the text after a label; "" if the label is missing.
local function text_after(message, label)
  local _, last = message:find(label, 1, true)
  return last and message:sub(last + 1) or ""
end

--- Returns the parts of the echo in a message.
local function parse_echo(message)
  message = message:gsub("\r\n", "\n"):match("^.*%S") or ""
  return {
    string_to_sign = text_after(message, "server StringToSign is ["):match("^([^%]]*)%]")
      or text_after(message, "server string to sign is:"):match("^%s*%[?([^%[%]]+)"),
    canonical_request = text_after(message, "server CanonicalRequest is ["):match("^(.*)%]"),
    has_authorization = message:find("server Authorization is", 1, true) ~= nil,
  }
end

--- Returns whether the message is longer than a message with an echo of this request can be. A signature has two
--- stages, and each stage makes a text at most three times as long.
local function is_too_long(message, request)
  local length = #request.url + #request.body
  for name, value in pairs(request.headers) do
    length = length + #name + #value
  end
  return #message > 9 * length + MAX_OTHER_BYTES
end

-- The request that was signed

--- Returns the values of a list of pairs, by name.
local function to_map(list)
  local values = {}
  for _, pair in ipairs(list) do
    values[pair.name] = pair.value
  end
  return values
end

--- Computes the canonical request and the string to sign again. Neither depends on the secret.
local function signature_stages(request, algorithm)
  local query = request.url:match("%?(.*)$") or ""
  local fields = { algorithm = algorithm, method = request.method, access_key_id = "", access_key_secret = "" }
  if algorithm == RPC then
    fields.params = to_map(form_text.parse(query .. "&" .. request.body))
    fields.params.Signature = nil
  else
    fields.query, fields.headers, fields.body = to_map(form_text.parse(query)), request.headers, request.body
  end
  return core.sign(fields)
end

-- The parts that are compared

--- Returns the parts of a canonical request as a list: method, path, query, headers, names of the signed headers, and
--- hash of the body.
local function parse_canonical_request(text)
  return { (text or ""):match("^([^\n]*)\n([^\n]*)\n([^\n]*)\n(.-)\n\n([^\n]*)\n(%x+)$") }
end

--- Returns the parts of a string to sign of HMAC-SHA1 as a list: method, path, and query.
local function parse_rpc_string(text)
  local method, path, query = text:match("^([^&]*)&([^&]*)&(.*)$")
  return method and { method, core.percent_decode(path), core.percent_decode(query) } or {}
end

local function parse_headers(text)
  local list = {}
  for line in text:gmatch("[^\n]+") do
    local name, value = line:match("^([^:]*):?(.*)$")
    list[#list + 1] = { name = name, value = value }
  end
  return list
end

-- Descriptions of differences

local PUBLIC_HEADERS = {
  host = true, ["content-type"] = true, ["x-acs-action"] = true, ["x-acs-version"] = true, ["x-acs-date"] = true,
}

local MAX_SHOWN_BYTES = 64

--- Returns whether the text is short and has no special characters.
local function is_plain(text)
  return text ~= "" and #text <= MAX_SHOWN_BYTES and not text:find("[^%w%-%._:/;=, ]")
end

--- Describes how a value changed. Shows the values only if they are public.
local function describe_change(is_public, signed, received)
  if received == "" then
    return "did not arrive"
  elseif is_public and is_plain(signed) and is_plain(received) then
    return ("was signed as %s and arrived as %s"):format(signed, received)
  elseif signed:sub(1, #received) == received then
    return ("arrived cut to %d of its %d bytes"):format(#received, #signed)
  end
  return "arrived with another value"
end

--- Returns the kind together with the name, such as "header host". The name comes from the network. It is left out if
--- it contains characters that are not allowed in a name.
local function describe_name(kind, name)
  return #name <= MAX_SHOWN_BYTES and name:find("^[%w_.-]+$") and kind .. " " .. name or "a " .. kind
end

--- Describes the first difference between two lists of names and values; nil if there is none.
local function compare_pairs(kind, signed_list, received_list, is_public)
  local signed, received = to_map(signed_list), {}
  for _, pair in ipairs(received_list) do
    if received[pair.name] then
      return describe_name(kind, pair.name) .. " arrived twice"
    end
    received[pair.name] = pair.value
  end
  for _, pair in ipairs(signed_list) do
    local value = received[pair.name]
    if value ~= pair.value then
      return describe_name(kind, pair.name) .. " " .. describe_change(is_public[pair.name], pair.value, value or "")
    end
  end
  for _, pair in ipairs(received_list) do
    if not signed[pair.name] then
      return describe_name(kind, pair.name) .. " was added"
    end
  end
end

local function compare_methods(signed, received)
  return "the method " .. describe_change(received:find("^%u+$"), signed, received)
end

local function compare_paths(signed, received)
  return "the path " .. describe_change(true, signed, received)
end

--- Returns a function that describes a difference between two texts of parameters.
local function compare_parameters(kind)
  return function(signed, received)
    return compare_pairs(kind, form_text.parse(signed), form_text.parse(received), {})
      or ("the %ss arrived with the same values, but in another order or encoding"):format(kind)
  end
end

local HOST_ADVICE = "let the proxy pass the Host header unchanged, or set the option endpoint to the host that it sends"

local function compare_headers(signed, received)
  local difference = compare_pairs("header", parse_headers(signed), parse_headers(received), PUBLIC_HEADERS)
  return difference, difference and difference:find("^header host ") and HOST_ADVICE
end

--- Returns a function that describes any difference in the same words.
local function arrived_changed(what)
  return function() return what .. " arrived changed" end
end

local URL_ADVICE = "look for a proxy that rewrites or cuts URLs"
local HEADER_ADVICE = "look for a proxy, or a transport of your own, that changes headers"
local BODY_ADVICE = "look for a proxy or filter that rewrites bodies"

local METHOD = { compare = compare_methods, advice = "look for a proxy or a redirect that changes it" }
local PATH = { compare = compare_paths, advice = URL_ADVICE }

-- How to compare each part of a canonical request, in the order of parse_canonical_request.
local ACS3_PARTS = {
  METHOD, PATH,
  { compare = compare_parameters "query parameter", advice = URL_ADVICE },
  { compare = compare_headers, advice = HEADER_ADVICE },
  { compare = arrived_changed "the list of signed headers", advice = HEADER_ADVICE },
  { compare = arrived_changed "the body", advice = BODY_ADVICE },
}
-- How to compare each part of a string to sign of HMAC-SHA1, in the order of parse_rpc_string.
local RPC_PARTS = { METHOD, PATH, { compare = compare_parameters "parameter", advice = URL_ADVICE .. " or bodies" } }

--- Returns the description of the first part that differs, and the advice.
local function compare_parts(parts, signed, received)
  for i, part in ipairs(signed[1] and received[1] and parts or {}) do
    if signed[i] ~= received[i] then
      local difference, advice = part.compare(signed[i], received[i])
      if difference then
        return difference, advice or part.advice
      end
    end
  end
end

--- Returns the description of the first difference, and the advice; nil if the difference is not found.
local function find_difference(algorithm, signed, echo)
  if algorithm == RPC then
    return compare_parts(RPC_PARTS, parse_rpc_string(signed.string_to_sign), parse_rpc_string(echo.string_to_sign))
  end
  local received_algorithm = echo.string_to_sign:match("^[^\n]*")
  if received_algorithm ~= algorithm then
    return "the signature's algorithm " .. describe_change(true, algorithm, received_algorithm), HEADER_ADVICE
  end
  return compare_parts(ACS3_PARTS, parse_canonical_request(signed.canonical_request),
    parse_canonical_request(echo.canonical_request))
end

-- The advice

local WRONG_SECRET = "The AccessKey secret is wrong, or belongs to another AccessKey id: the service signed the same "
  .. "text, so nothing changed the request on its way"
local CHANGED_SIGNATURE = "The signed text arrived unchanged, so the signature was changed on its way, or a header "
  .. "x-acs-* was added or removed; " .. HEADER_ADVICE
local CUT_AUTHORIZATION = "The header authorization arrived cut or rewritten; " .. HEADER_ADVICE
local UNKNOWN_CHANGE = "The request was changed on its way; look for a proxy that rewrites URLs, headers or bodies"

-- The advice for each code, when the service and the client signed the same text.
local SAME_TEXT = { SignatureDoesNotMatch = WRONG_SECRET, IncompleteSignature = CHANGED_SIGNATURE }

--- Returns the advice for a refused signature; nil for any other error, or if the message has no echo.
---@param request { method: string, url: string, headers: table<string, string>, body: string } the request as it was
--- signed
---@param code string|nil the code of the error
---@param message string|nil the whole message of the service
function M.explain(request, code, message)
  if not SAME_TEXT[code or ""] then
    return nil
  end
  message = message or ""
  if is_too_long(message, request) then
    return nil
  end
  local echo = parse_echo(message)
  if not echo.string_to_sign then
    return echo.has_authorization and CUT_AUTHORIZATION or nil
  end
  local algorithm = (request.headers.authorization or RPC):match("^%S+")
  local signed = signature_stages(request, algorithm)
  if not signed then
    return nil
  elseif signed.string_to_sign == echo.string_to_sign then
    return SAME_TEXT[code]
  end
  local difference, advice = find_difference(algorithm, signed, echo)
  return difference and ("The request was changed on its way: %s; %s"):format(difference, advice) or UNKNOWN_CHANGE
end

return M
