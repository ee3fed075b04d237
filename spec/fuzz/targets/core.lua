-- The C core: percent-encoding, JSON, requests and signatures, addresses and dates.

local acs3 = require "dataworks.emulator.gateway.acs3"
local bytes = require "spec.fuzz.bytes"
local cjson = require "cjson.safe"
local core = require "dataworks.core"
local dates = require "dataworks.emulator.dates"
local encoding = require "dataworks.emulator.encoding"
local gateways = require "dataworks.emulator.gateway"
local json = require "dataworks.emulator.json"
local rpc = require "dataworks.emulator.gateway.rpc"
local crypto = require "spec.fuzz.crypto"

require "dataworks.api.core_data"

local NOW = 1716019750

local M = {}

M.percent = {
  planted = { "csrc/core/percent.c", "KEPT('~')", "ESCAPED('7', 'E')" },
  covers = { "csrc/core/percent.c:percent_encode_to,hex_value,percent_decode_to" },
  run = function(text)
    local encoded = core.percent_encode(text)
    assert(encoded == encoding.percent_encode(text), "two encoders differ")
    assert(core.percent_decode(encoded) == text, "decoding does not undo encoding")
    assert(core.percent_decode(text) == encoding.percent_decode((text:gsub("+", " "))), "two decoders differ")
  end,
}

--- Whether a value and what the emulator's reader made of its JSON are the same.
local function is_same(value, read)
  if value == core.null then return read == json.null end
  if type(value) ~= "table" then
    return value == read or type(read) == "table" and core.encode(value) == tostring(read) -- an integer that is no number of Lua
  end
  local count = 0
  for key, item in pairs(value) do
    count = count + 1
    if not is_same(item, read[key]) then return false end
  end
  for _ in pairs(read) do count = count - 1 end
  return count == 0
end

--- Whether a value has ASCII strings alone, which JSON can always hold.
local function is_ascii(value)
  if type(value) == "string" then return not value:find "[\128-\255]" end
  if type(value) ~= "table" then return true end
  for key, item in pairs(value) do
    if not is_ascii(key) or not is_ascii(item) then return false end
  end
  return true
end

M.encode = {
  planted = { "csrc/core/json_write.c", "bfnrt", "bfnrn" },
  covers = {
    "csrc/core/json_write.c:is_continuation,json_utf8_sequence,json_utf8_error,write_escape,load_bytes,first_special,json_skip_plain,write_special",
    "csrc/core/json_write.c:json_write_string,json_format_integer,normalize_point,reads_as,format_decimal,format_short,json_format_double",
  },
  run = function(text)
    local value = bytes.new(text):value()
    local encoded, err = core.encode(value)
    if not encoded then
      assert(not is_ascii(value) or type(value) == "table" and value.type == "realtime", tostring(err))
    else
      assert(is_same(value, json.decode(encoded)), "the JSON has another value: " .. encoded)
    end
  end,
}

--- Whether the emulator's reader refuses a text that the library reads: it knows no half of a surrogate pair and no byte
--- order mark, and ends earlier in depth.
local function is_stricter(text) return text:find "\\u[dD][89a-fA-F]" or text:find "^\239\187\191" or text:find(("[%[{]%s*.-"):rep(60)) end

M.decode = {
  planted = { "csrc/core/json_read.c", "(code - 0xd800) << 10", "(code - 0xd800) << 9" },
  covers = { "csrc/core/json_read.c" },
  run = function(text)
    local value, err = core.decode(text)
    local other = json.decode(text)
    if err then
      assert(err.kind == "invalid" and err.byte >= 1 and err.byte <= #text + 1 and err.line >= 1 and err.column >= 1, "no place")
      assert(other == nil or err.message:find "UTF%-8", "a text is refused: " .. err.message)
      return
    end
    local encoded = assert(core.encode(value))
    assert(core.encode(core.decode(encoded)) == encoded, "the JSON changes when it is read and written")
    assert(other == nil and is_stricter(text) or is_same(value, other), "two readers differ")
  end,
}

M.decode_reply = {
  planted = { "csrc/core/lua_json.c", "level->count += (size_t)level->waiting", "level->count = (size_t)level->waiting" },
  covers = {
    "csrc/core/lua_json.c:push_integer,push_double,push_number,push_null,push_scalar,reserve,create_table,store_waiting,add_value,open_level",
    "csrc/core/lua_json.c:close_level,check_new_key,build,json_push,json_add_place,push_key,json_fail,decode,core_decode_unique,core_decode_reply",
  },
  run = function(text)
    local from = bytes.new(text)
    local count, item = from:below(200), from:pick { "1", '"a"', "{}", "[1]", "null" }
    local list = core.decode_reply("[" .. item .. ("," .. item):rep(count) .. "]")
    assert(#list == count + 1, "items are lost")
    local members = {}
    for i = 1, count do members[i] = ('"%d":%s'):format(i, item) end
    assert(core.decode_unique("{" .. table.concat(members, ",") .. "}"), "a key that occurs once is refused")
    members[count + 1] = members[1]
    local written = "{" .. table.concat(members, ",") .. "}"
    local _, repeated = core.decode_unique(written)
    assert((repeated ~= nil) == (count > 0) and (not repeated or repeated.byte == #written - #members[1]), "a key that occurs twice")
    local object, found = core.decode_reply(written), 0
    for _ in pairs(object) do found = found + 1 end
    assert(found == (item == "null" and 0 or count), "members are lost")
    local rest = from:rest()
    local value, err = core.decode_reply(rest)
    local _, refusal = core.decode_unique(rest)
    assert((refusal == nil) == (core.decode(rest) ~= nil) or refusal.message:find("has the key", 1, true), "another text is refused")
    assert((err == nil) == (core.decode(rest) ~= nil) or err == nil and rest:find "[\128-\255]", tostring(value))
  end,
}

M.locate = {
  planted = { "csrc/core/json_place.c", "place.column = 1;", "place.column = 0;" },
  covers = { "csrc/core/json_place.c" },
  run = function(text)
    local from = bytes.new(text)
    local path = from:word()
    local document = from:rest()
    local line, column, byte = core.locate(document, path)
    assert((line ~= nil) == (core.decode(document) ~= nil) or document:find "[\128-\255]", "a place in a text that is none")
    if not line then return end
    local _, breaks = document:sub(1, byte - 1):gsub("\n", "")
    assert(line == breaks + 1 and column >= 1 and byte >= 1 and byte <= #document + 1, "another place")
  end,
}

local KEYS = {
  "type", "version", "steps", "setting", "extend", "category", "stepType", "parameter", "connection", "datasource",
  "selectedTables", "table", "resourceGroup", "x",
}

local function read_script()
  local file = assert(io.open("spec/scripts/mysql_to_odps.json"))
  local script = cjson.decode(file:read "*a")
  file:close()
  return script
end

--- Changes a member at a random place of a script.
local function change(script, from)
  local inner = script
  for _ = 1, from:below(8) do
    local following = inner[from:below(2) == 0 and from:pick(KEYS) or from:below(3) + 1]
    if type(following) == "table" then inner = following end
  end
  local key = inner[1] and from:below(3) + 1 or from:pick(KEYS)
  local value = from:value(4)
  if from:below(2) == 1 then value = nil end
  inner[key] = value
end

M.script = {
  planted = { "csrc/core/task_param.c", "','", "';'" },
  covers = {
    "csrc/core/task_param.c:encode_string,encode_number,encode_known,encode_member,encode_others,encode_object,check_list,encode_list,is_list",
    "csrc/core/task_param.c:encode_table,has_metatable,check_nesting,encode_other,encode_typed,prepare,encode_root,task_find_faults,task_encode",
  },
  run = function(text)
    local from, script = bytes.new(text), read_script()
    for _ = 1, from:below(4) do change(script, from) end
    local encoded, err = core.encode(script)
    assert(encoded or #core.faults(script) > 0, "a refused script has no fault")
    if encoded then
      assert(json.decode(encoded))
    else
      assert(type(err.message) == "string" and err.path:find "^TaskParam", "an error without a path")
    end
  end,
}

local ROW = {
  version = "2020-05-18", method = "POST",
  params = {
    { "ProjectId", "long", "query" }, { "Text", "string", "query" }, { "Form", "string", "body" }, { "Json", "json", "body" },
    { "List", "list", "query" }, { "On", "boolean", "query" },
  },
}
local ROWS = { ["2020-05-18"] = { GetThing = ROW } }
local KEYS_OF = { { access_key_id = "id", access_key_secret = "secret" } }
local signer = assert(core.signer { access_key_id = "id", access_key_secret = "secret" })

--- Splits a URL into path and query.
local function split(url)
  local path, query = url:match "^https://[^/?]*([^?]*)%??(.*)$"
  return path, query
end

M.request = {
  planted = { "csrc/core/percent.c", "KEPT('~')", "ESCAPED('7', 'E')" },
  covers = { "csrc/core/request.c", "csrc/core/percent.c:percent_encode,compare_names,percent_sort,percent_write_query" },
  run = function(text)
    local from = bytes.new(text)
    local params = { ProjectId = from:byte(), Text = from:word(), Form = from:word(), On = from:below(2) == 1 }
    if from:below(2) == 1 then params.List = from:words(5) end
    if from:below(2) == 1 then params.Json = from:value() end
    local request, err = core.request("GetThing", ROW, params, {
      endpoint = "https://example.com", date = NOW, nonce = "n", signer = signer, user_agent = "fuzz",
    })
    if not request then
      assert(type(err.message) == "string", "an error without a message")
      return
    end
    local path, query = split(request.url)
    local headers = {}
    for name, value in pairs(request.headers) do headers[name:lower()] = value end
    local gateway = gateways.new { crypto = crypto, now = function() return NOW end, actions = ROWS, credentials = KEYS_OF, is_known = function() return false end }
    local call, refused = gateway:check { method = request.method, path = path, query = query, headers = headers, body = request.body }
    assert(not refused, refused and refused.message)
    assert((call.params.Text or "") == params.Text and (call.params.Form or "") == params.Form, "a parameter has changed")
    assert(call.params.ProjectId == ("%d"):format(params.ProjectId), "ProjectId has changed")
  end,
}

M.sign = {
  planted = { "csrc/core/sign.c", "buffer_append_byte(out, ';')", "buffer_append_byte(out, '\\0')" },
  covers = { "csrc/core/sign.c" },
  run = function(text)
    local from = bytes.new(text)
    local headers, query = { host = "h" }, {}
    for _ = 1, from:below(4) do headers["x-acs-" .. from:word():gsub("[^%w]", ""):lower()] = from:word():gsub("%c", "") end
    for _ = 1, from:below(4) do query[from:word()] = from:word() end
    local signed = core.sign {
      method = "POST", path = "/", access_key_id = "id", access_key_secret = "secret", headers = headers, query = query, body = text,
    }
    local pairs_of_query, names = {}, {}
    for name, value in pairs(query) do
      pairs_of_query[#pairs_of_query + 1] = encoding.percent_encode(name) .. "=" .. encoding.percent_encode(value)
    end
    for name in signed.authorization:match "SignedHeaders=([^,]*)":gmatch "[^;]+" do names[#names + 1] = name end
    local request = { method = "POST", path = "/", query = table.concat(pairs_of_query, "&"), headers = headers, body = text }
    assert(signed.signature == acs3.sign(crypto, "secret", request, "ACS3-HMAC-SHA256", names), "two signers differ")
    local list = {}
    for name, value in pairs(query) do list[#list + 1] = { name, value } end
    local _, expected = rpc.sign({ hmac = function() return "" end }, "secret", "POST", list)
    signed = core.sign { algorithm = "HMAC-SHA1", method = "POST", params = query, access_key_id = "id", access_key_secret = "secret" }
    assert(signed.string_to_sign == table.concat(expected), "two texts to sign differ")
  end,
}

M.address = {
  planted = { "csrc/shared/address.c", "bytes[0] == 127", "bytes[0] != 127" },
  covers = { "csrc/shared/address.c" },
  run = function(text)
    local found = core.parse_address(text)
    assert(not found or #found == 4 or #found == 16, "an address has 4 or 16 bytes")
    local is_ipv4 = found and #found == 4
    if is_ipv4 then
      local dotted = ("%d.%d.%d.%d"):format(found:byte(1, 4))
      assert(core.parse_address(dotted) == found and core.parse_address("::ffff:" .. dotted) == found, "another address")
    end
    local is_loopback = is_ipv4 and found:byte() == 127 or found == ("\0"):rep(15) .. "\1"
      or text:lower() == "localhost" or text:lower() == "localhost."
    assert(core.is_loopback(text) == is_loopback, "wrong loopback")
  end,
}

M.date = {
  planted = { "csrc/core/date.c", "d->day > days[d->month - 1]", "d->day > 1 + days[d->month - 1]" },
  covers = { "csrc/core/date.c:is_letter,add_digit,match_char,match,skip_weekday,match_http,is_real_date,days_since_1970,date_parse" },
  run = function(text)
    local seconds = core.parse_date(text)
    if not seconds then return end
    local iso = os.date("!%Y-%m-%dT%H:%M:%SZ", seconds)
    assert(dates.parse(iso) == seconds, "two readers of dates differ")
    assert(iso == text or not text:find "^%d%d%d%d%-", "the date is another one: " .. iso)
  end,
}

return M
