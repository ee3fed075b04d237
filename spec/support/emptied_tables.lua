-- A program for AddressSanitizer: a finalizer empties the tables that a C function has been given, in each possible
-- cycle of the garbage collector. C must not use a text of them any more, unless it holds it. Prints each failed call.

require "dataworks.api.core_data"
local core = require "dataworks.core"
local has_curl, curl = pcall(require, "dataworks.curl")

local CYCLES = 40

local serial = 0

--- A text that nothing refers to but the table it is put into, and long enough not to be shared.
local function text(begin)
  serial = serial + 1
  return begin .. ("%08d"):format(serial) .. ("x"):rep(60)
end

local function on_collection(action)
  if newproxy then -- luacheck: ignore 113
    getmetatable(newproxy(true)).__gc = action -- luacheck: ignore 113
  else
    setmetatable({}, { __gc = action })
  end
end

local function empty(value)
  for key, inner in pairs(value) do
    if type(inner) == "table" then empty(inner) end
    value[key] = nil
  end
end

--- Empties the tables in cycle number `cycle`.
local function plan(tables, cycle)
  on_collection(function()
    if cycle > 1 then return plan(tables, cycle - 1) end
    for _, value in ipairs(tables) do empty(value) end
    collectgarbage() -- frees their texts, as far as nothing else has them
    for _ = 1, 50 do text "reuses the memory" end
  end)
end

local function collect_at_each_allocation()
  collectgarbage("setpause", 0)
  if _VERSION == "Lua 5.4" then
    collectgarbage("incremental", 0, 1000, 63) -- 0: the pause stays
  else
    collectgarbage("setstepmul", 1e6)
  end
end

local function names()
  local made = {}
  for i = 1, 8 do made[text "name"] = i % 2 == 0 and text "value" or { [text "inner"] = text "value" } end
  return made
end

local function map()
  local made = {}
  for _ = 1, 8 do made[text "x-acs-"] = text "value" end
  return made
end

local function script()
  return {
    type = "realtime", [text "other"] = text "value",
    steps = {
      { stepType = text "mysql", category = "reader",
        parameter = { connection = { { datasource = text "d", table = { text "t", text "t" } } } } },
      { stepType = "odps", category = "writer", parameter = { datasource = text "d", [text "other"] = names() } },
    },
    setting = { resourceGroup = text "group", taskType = "oneclick_to_odps", [text "other"] = text "value" },
    order = { hops = { { from = text "a", to = text "b" } } },
  }
end

local row = {
  version = "2020-05-18", method = "POST",
  params = {
    { "Script", "task_param", "body" }, { "Json", "json", "body" }, { "Array", "array", "body" },
    { "List", "list", "query" }, { "Text", "string", "query" }, { "Kind", "string", "query", values = { "A", "B" } },
  },
}

local function keys()
  return { access_key_id = text "id", access_key_secret = text "secret", security_token = text "token" }
end

local function context()
  return {
    endpoint = "https://" .. text "h", date = 1716019750, nonce = text "n", user_agent = text "u",
    signer = assert(core.signer(keys())),
  }
end

local function request(params, with)
  core.request("Action", row, params, with)
end

local function signed_request(params, with)
  core.signed_request("Action", row, params, with)
end

local function sign(algorithm)
  return function(fields, lists)
    fields.algorithm, fields.query, fields.headers, fields.params = algorithm, lists, lists, lists
    core.sign(fields)
  end
end

local function signed_fields()
  local fields = keys()
  fields.method, fields.path, fields.body = text "M", text "/", text "b"
  return fields
end

--- Each makes the tables of its call, and calls with them.
local CASES = {
  encode = { { names }, core.encode },
  encode_script = { { script }, core.encode },
  encode_list = { { function() return { names(), text "a", { text "b" } } end }, core.encode },
  request_script = { { function() return { Script = script(), Text = text "t" } end, context }, request },
  signed_request = { { function() return { Json = names(), Text = text "t" } end, context }, signed_request },
  request_json = { { function() return { Json = names(), Array = { names() }, Text = text "t" } end, context }, request },
  request_list = { { function() return { List = { { A = text "a", ["B" .. text ""] = text "b" } } } end, context }, request },
  request_wrong = { { function() return { Kind = text "C" } end, context }, request },
  request_unknown = { { names, context }, request },
  signer = { { keys }, core.signer },
  sign_acs3 = { { signed_fields, map }, sign "ACS3-HMAC-SHA256" },
  sign_rpc = { { signed_fields, map }, sign "HMAC-SHA1" },
  run = {
    { function() return { "sh", "-c", "exit 0", text "a", text "b" } end },
    function(words) core.run(words, 30, 100) end,
  },
}

if has_curl then
  CASES.send = { { function()
    return { method = "POST", url = "http://127.0.0.1:1/" .. text "path", headers = map(), body = text "b" }
  end }, function(sent)
    curl.new({}):send(sent, 0.0001)
  end }
end


for name, case in pairs(CASES) do
  for cycle = 1, CYCLES do
    collectgarbage "stop"
    local tables = {}
    for i, make in ipairs(case[1]) do tables[i] = make() end
    plan(tables, cycle)
    collectgarbage "restart"
    collect_at_each_allocation()
    -- An emptied table is a wrong argument, and a wrong argument may raise.
    local ok, err = pcall(case[2], (unpack or table.unpack)(tables)) -- luacheck: ignore 143
    if not ok and type(err) ~= "string" then print(name, cycle, err) end
  end
end
