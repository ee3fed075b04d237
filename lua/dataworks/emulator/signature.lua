-- The gateway's own reading of the signature rules, kept apart from the library's C so that a mistake in one
-- shows against the other. Pure: digests are handed in.

local M = {}

local function to_hex(raw)
  return (raw:gsub(".", function(char)
    return ("%02x"):format(char:byte())
  end))
end

local function percent(char)
  return ("%%%02X"):format(char:byte())
end

---@param text string
---@return string
function M.encode(text)
  return (text:gsub("[^%w%-_%.~]", percent))
end

local function unpercent(hex)
  return string.char(tonumber(hex, 16))
end

--- Clients may write a space as + or %20 on the wire; both are decoded before anything is signed.
local function decode(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", unpercent))
end

--- Reads a query or a form body.
---@param text string
---@return table[] list of {key, value}, decoded, in the order sent
function M.parse(text)
  local list = {}
  for pair in text:gmatch("[^&]+") do
    local key, value = pair:match("^([^=]*)=(.*)$")
    list[#list + 1] = { decode(key or pair), decode(value or "") }
  end
  return list
end

local function by_key(a, b)
  if a[1] ~= b[1] then
    return a[1] < b[1]
  end
  return a[2] < b[2]
end

local function canonical(list)
  local sorted, out = {}, {}
  for i, pair in ipairs(list) do
    sorted[i] = pair
  end
  table.sort(sorted, by_key)
  for i, pair in ipairs(sorted) do
    out[i] = M.encode(pair[1]) .. "=" .. M.encode(pair[2])
  end
  return table.concat(out, "&")
end

local base64_chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function base64(raw)
  local out = {}
  for i = 1, #raw, 3 do
    local a, b, c = raw:byte(i, i + 2)
    local bits = a * 65536 + (b or 0) * 256 + (c or 0)
    for shift = 3, 0, -1 do
      local at = math.floor(bits / 64 ^ shift) % 64 + 1
      out[#out + 1] = base64_chars:sub(at, at)
    end
    if not c then
      out[#out] = "="
      out[#out - 1] = b and out[#out - 1] or "="
    end
  end
  return table.concat(out)
end

--- HMAC-SHA1 over all parameters, wherever they were sent.
---@param crypto table digest and hmac
---@param secret string
---@param method string
---@param list table[] pairs of query and form body, without Signature
---@return string signature
---@return string string_to_sign
function M.rpc(crypto, secret, method, list)
  local string_to_sign = method .. "&%2F&" .. M.encode(canonical(list))
  return base64(crypto.hmac("sha1", secret .. "&", string_to_sign)), string_to_sign
end

--- The digest behind each ACS3 algorithm.
M.acs3_digests = { ["ACS3-HMAC-SHA256"] = "sha256", ["ACS3-HMAC-SM3"] = "sm3" }

local function trim(text)
  return text:match("^%s*(.-)%s*$")
end

---@param crypto table digest and hmac
---@param secret string
---@param request {method: string, path: string, query: table[], headers: table<string, string>, body: string}
---@param algorithm string
---@param signed string[] names from SignedHeaders
---@return string signature
---@return string string_to_sign
---@return string canonical_request
function M.acs3(crypto, secret, request, algorithm, signed)
  local digest = M.acs3_digests[algorithm]
  local names, lines = {}, {}
  for i, name in ipairs(signed) do
    names[i] = name:lower()
  end
  table.sort(names)
  for i, name in ipairs(names) do
    lines[i] = name .. ":" .. trim(request.headers[name] or "") .. "\n"
  end
  local canonical_request = table.concat({
    request.method,
    request.path,
    canonical(request.query),
    table.concat(lines),
    table.concat(names, ";"),
    to_hex(crypto.digest(digest, request.body)),
  }, "\n")
  local string_to_sign = algorithm .. "\n" .. to_hex(crypto.digest(digest, canonical_request))
  return to_hex(crypto.hmac(digest, secret, string_to_sign)), string_to_sign, canonical_request
end

return M
