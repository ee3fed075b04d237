-- A program of failing_host: lets one allocation after the other fail in each function, and prints what is wrong:
--
--   failing_host spec/support/failing_allocations.lua core
--   failing_host spec/support/failing_allocations.lua curl|multi|run HTTP_URL HTTPS_URL CA_FILE
--
-- Failed memory is Lua's own error, or in a transport CURLE_OUT_OF_MEMORY with an exact `sent`, and the next call works.

local failing = failing -- luacheck: globals failing

-- libgcc crashes when it has no memory to register the frames of code that LuaJIT has just compiled.
if jit then jit.off() end

local NO_MEMORY = "not enough memory"
local LUA = not jit and "lua" or nil -- LuaJIT has an allocator of its own

local faults = 0

local function fault(...)
  faults = faults + 1
  if faults <= 20 then print(("%s %s, allocation %d: %s"):format(...)) end
end

--- Calls `call` again and again, with a later allocation failing each time, until none fails. `times`: how many fail in a
--- row.
local function sweep(name, kind, times, call, check)
  local n, step, hit = 0, 1, true
  while hit do
    n = n + step
    local function judge(was_hit, ok, ...)
      hit = was_hit
      local wrong = check(ok, was_hit, ...)
      if wrong then fault(name, kind, n, wrong) end
    end
    judge(failing(kind, n, times, call))
    if n >= 400 then step = 7 end -- OpenSSL allocates thousands of times
  end
end

local function sweep_all(name, call, check)
  for _, kind in ipairs { "c", LUA } do
    sweep(name, kind, kind == "c" and 1 or 2, call, check)
    sweep(name, kind, 1e6, call, check)
  end
end

local tests = {}

-- The core

local function flat(value)
  if type(value) ~= "table" then return tostring(value) end
  local words = {}
  for key, inner in pairs(value) do words[#words + 1] = tostring(key) .. "=" .. flat(inner) end
  table.sort(words)
  return "{" .. table.concat(words, ",") .. "}"
end

--- The call gives the result that it gives with enough memory, or Lua's memory error.
local function gives(expected)
  return function(ok, was_hit, value, err)
    if not ok then
      if tostring(value):find(NO_MEMORY, 1, true) and was_hit then return nil end
      return "raised " .. tostring(value)
    elseif value == nil and tostring(err):find "[Mm]emory" then
      return nil
    elseif flat(value) ~= expected then
      return ("returned %s, %s"):format(flat(value), flat(err))
    end
  end
end

local function classes()
  local all = {}
  for name, metatable in pairs(debug.getregistry()) do
    if type(name) == "string" and name:find "^dataworks" and type(metatable) == "table" then
      local words = {}
      for key, value in pairs(metatable) do
        words[#words + 1] = key
        if type(value) == "table" then
          for method in pairs(value) do words[#words + 1] = key .. "." .. method end
        end
      end
      table.sort(words)
      all[#all + 1] = name .. " " .. table.concat(words, " ")
    end
  end
  table.sort(all)
  return table.concat(all, "\n")
end

--- Returns the function that opens a module written in C.
local function opener(name)
  for template in package.cpath:gmatch "[^;]+" do
    local path = template:gsub("?", (name:gsub("%.", "/")))
    local open = package.loadlib(path, "luaopen_" .. name:gsub("%.", "_"))
    if open then return open end
  end
end

--- A class that is registered with too little memory is whole after the next try.
local function check_registration(name)
  local whole, load = require(name) and classes(), opener(name)
  for _, times in ipairs { 2, 1e6 } do
    local n, hit = 0, true
    while hit do
      n = n + 1
      for key, metatable in pairs(debug.getregistry()) do
        if type(key) == "string" and key:find "^dataworks" and type(metatable) == "table" then
          for field in pairs(metatable) do metatable[field] = nil end
        end
      end
      local ok, err
      hit, ok, err = failing("lua", n, times, load)
      if not ok and not tostring(err):find(NO_MEMORY, 1, true) then fault("registration", "lua", n, tostring(err)) end
      load()
      if classes() ~= whole then fault("registration", "lua", n, "the classes are\n" .. classes()) end
    end
  end
end

function tests.core()
  require "dataworks.api.core_data"
  local core = require "dataworks.core"
  local row = {
    version = "2020-05-18", method = "POST",
    params = { { "Json", "json", "body" }, { "List", "list", "query" }, { "Id", "long", "query" }, { "Kinds", "comma_list", "body" } },
  }
  local big = ("x"):rep(70000) -- more than a buffer keeps
  local signer = assert(core.signer { access_key_id = "id", access_key_secret = "secret", security_token = "token" })
  local path = os.tmpname()
  local texts = {
    exact = assert(core.encode { a = { 1, 2.5, "x\n" .. big }, b = { [big] = big }, c = { ["\n" .. big] = { e = big } } })
      :gsub("}$", ',"d":[9007199254740993,18446744073709551616,null,[' .. ("0,"):rep(200) .. "0]]}"),
    wrong = '{"a":["' .. big .. '",x]}',
  }
  texts.reply = texts.exact:gsub("x", "\255")
  local calls = {
    encode = function() return core.encode { a = { 1, 2.5, "x" }, b = { [big] = big }, c = { d = { e = big } } } end,
    encode_script = function()
      local _, err = core.encode { type = "realtime", steps = {}, [big] = 1 }
      return err.path
    end,
    decode = function() return core.decode(texts.exact) end,
    decode_reply = function() return core.decode_reply(texts.reply) end,
    decode_unique = function() return core.decode_unique(texts.exact) end,
    decode_repeated = function()
      local _, err = core.decode_unique('{"' .. big .. '":1,"' .. big .. '":2}')
      return err.message
    end,
    decode_wrong = function()
      local _, err = core.decode(texts.wrong)
      return err.message
    end,
    locate = function() return core.locate(texts.exact, "x.c.\n" .. big .. ".e") end,
    percent_encode = function() return core.percent_encode(big) end,
    digest = function() return core.digest(big) end,
    request = function()
      return core.request("Action", row, { Json = { a = big }, List = { { A = big }, "b" }, Id = 1, Kinds = { big, 2 } }, {
        endpoint = "https://example.com", date = 1716019750, nonce = "n", signer = signer, user_agent = "spec",
      })
    end,
    signed_request = function()
      local made, err = core.signed_request("Action", row, { Json = { a = big } }, {
        endpoint = "https://example.com", date = 1716019750, nonce = "n", signer = signer,
      })
      return made and made.body and made.headers, err
    end,
    signer = function()
      local made = core.signer { access_key_id = big, access_key_secret = big }
      return tostring(made)
    end,
    sign = function()
      return core.sign {
        method = "POST", access_key_id = "id", access_key_secret = "secret", query = { A = big }, body = big,
        headers = { host = "example.com" },
      }
    end,
    sign_rpc = function()
      return core.sign { algorithm = "HMAC-SHA1", method = "GET", params = { A = big }, access_key_secret = "secret" }
    end,
    nonce = function() return #core.nonce() end,
    write_private = function() return core.write_private(path, big) end,
    run = function() return core.run({ "printf", "a" }, 30, 100) end,
  }
  for name, call in pairs(calls) do
    sweep_all(name, call, gives(flat(call())))
    if flat(call()) == "nil" then fault(name, "any", 0, "does not work any more") end
  end
  os.remove(path)
  if LUA then check_registration "dataworks.core" end
end

-- The transport

local function is_no_memory(err, was_sent)
  if type(err) ~= "table" then return "returned " .. tostring(err) end
  local seen = ("%s %s, sent %s: %s"):format(err.kind, tostring(err.code), tostring(err.sent), tostring(err.message))
  -- OpenSSL sometimes takes a failed allocation in a handshake for a lack of data. libcurl then waits for its timeout.
  -- libcurl 8.22 forgets a request of several whose beginning fails, and the multi ends that request after its timeout.
  local is_hidden = err.code == "CURLE_OPERATION_TIMEDOUT" and err.sent == false and was_sent == false
  -- Our own code refused data that libcurl handed to it, but did not say why.
  local is_unexplained = err.code == "CURLE_WRITE_ERROR"
  if err.kind ~= "transport" and not is_hidden or is_unexplained then return seen end
  if was_sent ~= nil and err.sent ~= "unknown" and err.sent ~= was_sent then return "but sent: " .. seen end
end

function tests.curl(http, https, ca_file)
  local curl = require "dataworks.curl"
  local plain = curl.new {}
  local function seen(name)
    local _, _, body = plain:send({ method = "GET", url = http .. "/count/" .. name }, 30)
    return tonumber(body)
  end
  for kind, url in pairs { http = http, https = https } do
    local name, before = "memory-" .. kind, 0
    local function call()
      local session = curl.new { ca_file = ca_file }
      local status, headers, body = session:send({ method = "POST", url = url .. "/counted/" .. name, headers = { ["x-a"] = "b" }, body = "body" }, 30)
      session:close()
      return status, headers, body
    end
    assert(call())
    sweep_all(kind, call, function(ok, was_hit, status, err, body)
      local now = seen(name)
      local was_sent = now ~= (before == 0 and 1 or before)
      before = now
      if not ok then
        return not (was_hit and tostring(status):find(NO_MEMORY, 1, true)) and "raised " .. tostring(status)
      elseif status == nil then
        return is_no_memory(err, was_sent)
      elseif status ~= 200 or body ~= "bbody" then -- the header and the body of the request
        return ("returned %s %s"):format(tostring(status), tostring(body))
      end
    end)
  end
  if LUA then check_registration "dataworks.curl" end
end

--- One failed allocation ends one request of a multi, and the others go on. Without HTTP/2: there all requests share a
--- connection, and nghttp2 and libcurl 7.88 crash.
function tests.multi(http)
  local curl = require "dataworks.curl"
  local multi, sessions
  sweep("multi", "c", 1, function()
    multi, sessions = curl.multi(), {}
    for i = 1, 3 do
      sessions[i] = curl.new {}
      multi:add(sessions[i], { method = "POST", url = http .. "/counted/multi", body = "body" }, 10)
    end
    local ended, latest = 0, os.time() + 15
    while ended < 3 and os.time() < latest do ended = ended + #multi:poll(1) end
    return ended
  end, function(ok, was_hit, ended)
    if not ok then return not tostring(ended):find(NO_MEMORY, 1, true) and "raised " .. tostring(ended) end
    if ended < 3 then return ("only %d requests have ended"):format(ended) end
    local good, wrong = 0, nil
    for i = 1, 3 do
      local status, err = sessions[i]:result()
      if status == 200 then good = good + 1 else wrong = wrong or is_no_memory(err, type(err) == "table" and err.sent) end
      sessions[i]:close()
    end
    multi:close()
    return wrong or good < (was_hit and 2 or 3) and ("%d requests succeeded"):format(good)
  end)
end

-- A run

--- The error of a run is the failed memory, and not what followed from it; a call never blames its parameters.
function tests.run(http)
  local dataworks = require "dataworks"
  local function call()
    local client = dataworks.new { endpoint = http, access_key_id = "id", access_key_secret = "secret", retries = 0, timeout = 1 }
    local seen = {}
    dataworks.run(function()
      for i = 1, 3 do
        dataworks.spawn(function()
          local _, err = client:call("GetFile", { ProjectId = 1, FileId = i })
          seen[i] = err
        end)
      end
    end)
    client:close()
    return seen
  end
  call()
  sweep_all("run", call, function(ok, was_hit, seen)
    if not ok then
      local message = tostring(seen)
      if not was_hit or not message:find(NO_MEMORY, 1, true) then return "raised " .. message end
      return message:find "^interrupted" and message or message:find "^every task" and message
    end
    for i = 1, 3 do
      local err = seen[i]
      if type(err) ~= "table" then return ("call %d ended with %s"):format(i, tostring(err)) end
      if err.kind == "invalid" then return "a call blames its parameters: " .. tostring(err) end
    end
  end)
end

assert(tests[arg[1]], "core, curl, multi or run")(arg[2], arg[3], arg[4])
os.exit(faults == 0 and 0 or 1)
