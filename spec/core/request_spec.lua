require "dataworks.api.core_data"
local core = require "dataworks.core"
local files = require "spec.support.files"

local DATE = 1716019750 -- 2024-05-18T08:09:10Z
local NONCE = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"

local row = {
  version = "2020-05-18", method = "POST",
  params = {
    { "ProjectId", "long", "query", required = true },
    { "TaskType", "string", "query", values = { "DI_OFFLINE", "DI_REALTIME", "DI_SOLUTION" } },
    { "TaskContent", "json", "body" },
    { "TaskName", "string", "query" },
    { "Force", "boolean", "query" },
  },
}

local function context(changes)
  local made = { endpoint = "https://dataworks.cn-shanghai.aliyuncs.com", date = DATE, nonce = NONCE, user_agent = "spec" }
  local credentials = { access_key_id = "testid", access_key_secret = "testsecret" }
  for name, value in pairs(changes or {}) do
    if name == "algorithm" or name == "security_token" then credentials[name] = value else made[name] = value end
  end
  made.signer = assert(core.signer(credentials))
  return made
end

local function request(params, changes)
  params.ProjectId = params.ProjectId or 1
  return core.request("ListFiles", row, params, context(changes))
end

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

local function form(text)
  local fields = {}
  for name, value in text:gmatch "([^&=]+)=([^&]*)" do fields[unescape(name)] = unescape(value) end
  return fields
end

-- The signature of a request, and the one that core.sign computes for it.
local function signed_again(made, algorithm)
  local query = form(made.url:match "%?(.*)" or "")
  if algorithm == "HMAC-SHA1" then
    for name, value in pairs(form(made.body)) do query[name] = value end
    local signature = query.Signature
    query.Signature = nil
    local again = core.sign { algorithm = algorithm, method = made.method, params = query, access_key_secret = "testsecret" }
    return signature, again.signature
  end
  local again = assert(core.sign {
    algorithm = algorithm, method = made.method, query = query, headers = made.headers, body = made.body,
    access_key_id = "testid", access_key_secret = "testsecret",
  })
  return made.headers.authorization, again.authorization
end

describe("a request", function()
  it("has the date of any second from 1970 to 9999 as ISO 8601", function()
    local made = context()
    for day = 0, 2932896, 997 do
      made.date = day * 86400 + day % 86400
      local headers = assert(core.request("ListFiles", row, { ProjectId = 1 }, made)).headers
      assert.equal(made.date, core.parse_date(headers["x-acs-date"]))
      assert.matches("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$", headers["x-acs-date"])
    end
    made.date = 253402300799
    assert.equal("9999-12-31T23:59:59Z", core.request("ListFiles", row, { ProjectId = 1 }, made).headers["x-acs-date"])
  end)

  it("counts what is sent against the limit of 64 MiB, not the room for its worst case", function()
    local text = '"' .. ("a"):rep(23 * 1024 * 1024) .. '"'
    for _, algorithm in ipairs { "ACS3-HMAC-SHA256", "HMAC-SHA1" } do
      local made = assert(request({ TaskContent = text }, { algorithm = algorithm }))
      assert.is_true(#made.body > #text)
    end
    local _, err = request { TaskContent = '"' .. ("a"):rep(64 * 1024 * 1024) .. '"' }
    assert.same({ "invalid", "TaskContent", "is too large: the limit of a request is 64 MiB" }, { err.kind, err.path, err.message })
  end)

  it("equals the request that the official SDK signs", function()
    for _, vector in ipairs(files.json("spec/vectors/acs3.json").vectors) do
      if vector.id == "v3-core-emoji-query" then
        local made = assert(request { TaskName = vector.query.TaskName })
        for name, value in pairs { ["x-acs-date"] = 1, ["x-acs-content-sha256"] = 1, ["x-acs-version"] = 1, ["x-acs-action"] = 1, host = 1 } do
          assert.equal(value and vector.headers[name], made.headers[name])
        end
        assert.equal("https://dataworks.cn-shanghai.aliyuncs.com/?" .. vector.canonical_request:match "\n/\n([^\n]*)\n", made.url)
      end
    end
  end)

  for _, algorithm in ipairs { "ACS3-HMAC-SHA256", "ACS3-HMAC-SM3", "HMAC-SHA1" } do
    it("verifies with " .. algorithm .. ", with and without body and security token", function()
      for _, token in ipairs { false, "tok+en/==" } do
        for _, params in ipairs { {}, { TaskName = "中 文*~'()" }, { TaskContent = { a = { 1 } }, Force = true }, { TaskName = ("x"):rep(5000) } } do
          local made = assert(request(params, { algorithm = algorithm, security_token = token or nil }))
          local ours, pure = signed_again(made, algorithm)
          assert.is_string(ours)
          assert.equal(pure, ours)
        end
      end
    end)
  end

  it("is the same for the same input", function()
    assert.same(request { TaskName = "x" }, request { TaskName = "x" })
  end)

  it("places parameters as the row says", function()
    local made = assert(request { TaskType = "DI_OFFLINE", TaskContent = { b = 1 }, Force = false })
    assert.equal("https://dataworks.cn-shanghai.aliyuncs.com/?Force=false&ProjectId=1&TaskType=DI_OFFLINE", made.url)
    assert.equal("TaskContent=%7B%22b%22%3A1%7D", made.body)
    assert.equal("application/x-www-form-urlencoded", made.headers["content-type"])
    assert.equal("POST", made.method)
  end)

  it("has no content-type and an empty body when the form is empty", function()
    local made = assert(request {})
    assert.equal("", made.body)
    assert.is_nil(made.headers["content-type"])
  end)

  it("spills the longest parameters to the form when the query passes 4 KiB, and no others", function()
    local made = assert(request { TaskName = ("x"):rep(4000), TaskType = "DI_OFFLINE" })
    assert.equal("", made.body)
    made = assert(request { TaskName = ("x"):rep(4096), TaskType = "DI_OFFLINE" })
    assert.equal("TaskName=" .. ("x"):rep(4096), made.body)
    assert.matches("%?ProjectId=1&TaskType=DI_OFFLINE$", made.url)
  end)

  it("counts the encoded bytes of the query for that, to the last one", function()
    local rest = #"ProjectId=1&TaskName="
    local longest = ("%"):rep((4096 - rest - 1) / 3)
    local filled = longest .. ("x"):rep(4096 - rest - 1 - 3 * #longest) -- one separator more than parameters is counted
    assert.equal("", assert(request { TaskName = filled }).body)
    assert.matches("^TaskName=%%25", assert(request { TaskName = filled .. "x" }).body)
  end)

  it("keeps the parameters of a GET in the query, whatever their length", function()
    local get = { version = "v", method = "GET", params = { { "Name", "string", "query" } } }
    for _, algorithm in ipairs { "ACS3-HMAC-SHA256", "HMAC-SHA1" } do
      local made = assert(core.request("Get", get, { Name = ("x"):rep(9000) }, context { algorithm = algorithm }))
      assert.equal("", made.body)
      local ours, pure = signed_again(made, algorithm)
      assert.equal(pure, ours)
    end
  end)

  it("refuses a GET whose URL would pass 16 KiB and names the longest parameter", function()
    local get = { version = "v", method = "GET", params = { { "A", "string", "query" }, { "B", "string", "query" } } }
    local base = #assert(core.request("Get", get, { A = "a", B = "" }, context())).url
    assert.equal(16384, #assert(core.request("Get", get, { A = "a", B = ("x"):rep(16384 - base) }, context())).url)
    local made, err = core.request("Get", get, { A = "a", B = ("x"):rep(16385 - base) }, context())
    assert.is_nil(made)
    assert.same({ "invalid", "B" }, { err.kind, err.path })
    assert.equal("is too long: the URL has 16385 bytes, the limit is 16384, and GET has no body for it", err.message)
  end)

  it("sends PUT with its parameters in the query", function()
    local put = { version = "v", method = "PUT", params = { { "Name", "string", "query" } } }
    for _, algorithm in ipairs { "ACS3-HMAC-SHA256", "HMAC-SHA1" } do
      local made = assert(core.request("Put", put, { Name = "x" }, context { algorithm = algorithm }))
      assert.same({ "PUT", "https://dataworks.cn-shanghai.aliyuncs.com/?Name=x" }, { made.method, made.url })
      local ours, pure = signed_again(made, algorithm)
      assert.equal(pure, ours)
    end
  end)

  it("keeps the signature and the token of HMAC-SHA1 out of the URL", function()
    local made = assert(request({}, { algorithm = "HMAC-SHA1", security_token = "token" }))
    assert.equal("https://dataworks.cn-shanghai.aliyuncs.com/?ProjectId=1", made.url)
    local fields = form(made.body)
    assert.equal("token", fields.SecurityToken)
    assert.equal("ListFiles", fields.Action)
    assert.equal("2024-05-18T08:09:10Z", fields.Timestamp)
    assert.equal("JSON", fields.Format)
  end)

  it("omits the scheme's default port from the host header", function()
    for endpoint, host in pairs {
      ["http://127.0.0.1:8080"] = "127.0.0.1:8080", ["http://127.0.0.1:80"] = "127.0.0.1", ["https://example.com:443"] = "example.com",
      ["https://example.com:80"] = "example.com:80", ["http://[::1]:8080"] = "[::1]:8080",
    } do
      assert.equal(host, request({}, { endpoint = endpoint }).headers.host)
    end
  end)

  it("omits parameters that are null", function()
    assert.matches("%?ProjectId=1$", request({ TaskName = core.null }).url)
  end)

  local function refused(params)
    local made, err = core.request("A", row, params, context())
    assert.is_nil(made)
    assert.equal("invalid", err.kind)
    return err.path .. " " .. err.message
  end

  it("refuses missing and unknown parameters", function()
    assert.equal("ProjectId is missing", refused {})
    assert.equal("ProjectId is missing", refused { ProjectId = core.null })
    assert.equal("Projectid is not a parameter of this action", refused { ProjectId = 1, Projectid = 1 })
    assert.is_true(select(2, core.request("A", row, { ProjectId = 1, Projectid = 1 }, context())).known.ProjectId)
    local _, err = core.request("A", { version = "v", method = "POST", params = {} }, { X = 1 }, context())
    assert.equal("X is not a parameter of this action, which has none", err.path .. " " .. err.message)
    assert.matches("not a parameter", refused { 1, ProjectId = 1 })
  end)

  it("checks the type and the choice of values", function()
    assert.equal("TaskType expected DI_OFFLINE, DI_REALTIME or DI_SOLUTION, got \"REALTIME\"", refused { ProjectId = 1, TaskType = "REALTIME" })
    assert.equal("TaskType expected text, got number", refused { ProjectId = 1, TaskType = 5 })
    assert.equal("TaskName expected text, got table", refused { ProjectId = 1, TaskName = {} })
    local long = core.decode("-" .. ("9"):rep(50))
    assert.equal("TaskType expected text, got number", refused { ProjectId = 1, TaskType = long })
    assert.equal(("ProjectId expected a whole number of 64 bits, such as 10000, got the number -%s..."):format(("9"):rep(39)),
      refused { ProjectId = long, TaskType = "DI_REALTIME", TaskName = "a" })
    for _, bad in ipairs { 1.5, 2 ^ 53, 1 / 0, 0 / 0 } do
      assert.equal("TaskName expected text or an exact whole number, got another number", refused { ProjectId = 1, TaskName = bad + 0.0 })
    end
    assert.equal("TaskName is not UTF-8: byte 2, counted from 1", refused { ProjectId = 1, TaskName = "a\255" })
    assert.equal("Force expected true or false, got \"yes\"", refused { ProjectId = 1, Force = "yes" })
    assert.equal("TaskContent expected a table or JSON text, got boolean", refused { ProjectId = 1, TaskContent = true })
    assert.equal("TaskContent.a a function can't be JSON", refused { ProjectId = 1, TaskContent = { a = print } })
  end)

  describe("accepts as an id", function()
    local function id(value)
      return assert(request { ProjectId = value }).url:match "ProjectId=([^&]*)"
    end

    it("integers, integral floats and decimal strings, to the last digit", function()
      assert.equal("10000", id(10000))
      assert.equal("10000", id(1e4))
      assert.equal("9007199254740991", id(9007199254740991))
      assert.equal("9223372036854775807", id "9223372036854775807")
      assert.equal("-9223372036854775808", id "-9223372036854775808")
      assert.equal("9007199254740993", id "9007199254740993")
    end)

    it("the 64-bit integers of this Lua", function()
      if math.type then
        assert.equal("9007199254740993", id(9007199254740993))
        assert.equal("9223372036854775807", id(math.maxinteger))
      elseif rawget(_G, "jit") then
        local ffi = require "ffi"
        assert.equal("9007199254740993", id(ffi.new("int64_t", 9007199254740992) + 1))
        assert.equal("9223372036854775807", id(ffi.new("uint64_t", 2) ^ 63 - 1))
      end
    end)

    it("no value that has lost digits, is not a number, or does not fit 64 bits", function()
      for _, bad in ipairs { 1.5, 2 ^ 53 + 0.0, 1 / 0, 0 / 0, "1.0", "", "-", "1e3", " 1", "0x10", "9223372036854775808", "-9223372036854775809", "99999999999999999999", {}, true } do
        assert.matches("^ProjectId ", refused { ProjectId = bad })
      end
    end)
  end)

  -- The value on the wire of one parameter of this type; or nil and the error.
  local function sent(kind, value)
    local one = { version = "v", method = "POST", params = { { "P", kind, "query" } } }
    local made, err = core.request("A", one, { P = value }, context())
    return made and form(made.url:match "%?(.*)" or "").P, err and err.path .. " " .. err.message
  end

  it("accepts a whole number for an id that is declared as text", function()
    assert.equal("95279527", sent("string", 95279527))
    assert.equal("9007199254740991", sent("string", 9007199254740991))
    if math.type then
      assert.equal("9223372036854775807", sent("string", math.maxinteger))
    elseif rawget(_G, "jit") then
      assert.equal("9007199254740993", sent("string", require("ffi").new("int64_t", 9007199254740992) + 1))
    end
  end)

  it("accepts 32 bits as int32", function()
    for _, good in ipairs { "0", "2147483647", "-2147483648" } do
      assert.equal(good, sent("int32", good))
      assert.equal(good, sent("int32", tonumber(good)))
    end
    for _, bad in ipairs { "2147483648", "-2147483649", 2147483648 } do
      assert.equal("P expected a whole number of 32 bits", select(2, sent("int32", bad)))
    end
    assert.matches("^P expected a whole number", select(2, sent("int32", 0.5)))
  end)

  it("accepts any finite number as double, and writes the shortest text that reads back the same", function()
    for value, text in pairs { [0.1] = "0.1", [1e300] = "1e+300", [2.5] = "2.5", [3] = "3", ["1.50"] = "1.50", ["-1e3"] = "-1e3" } do
      assert.equal(text, sent("double", value))
    end
    for _, bad in ipairs { "", "x", "true", "0x1", 0 / 0, 1 / 0, {}, true } do
      assert.matches("^P ", select(2, sent("double", bad)))
    end
  end)

  it("accepts a list, even an empty one, or JSON text as array", function()
    assert.equal("[]", sent("array", {}))
    assert.equal('[{"a":1},"b",[]]', sent("array", { { a = 1 }, "b", core.list {} }))
    assert.equal("[1]", sent("array", "[1]"))
    assert.equal("{}", sent("json", {}))
    assert.equal("P expected a list, got a table of names; a list of one table is { { ... } }", select(2, sent("array", { DataSourceName = "m" })))
    assert.equal("P expected a table or JSON text, got number", select(2, sent("array", 5)))
  end)

  it("joins the values of a comma_list, or takes its text", function()
    assert.equal("a b,中", sent("comma_list", { "a b", "中" }))
    assert.equal("5,7,9223372036854775807,true", sent("comma_list", { 5.0, 7, "9223372036854775807", true }))
    assert.equal("a,b", sent("comma_list", "a,b"))
    assert.equal("", sent("comma_list", {}))
    local many = {}
    for i = 1, 300 do many[i] = "v" .. i end
    assert.equal(table.concat(many, ","), sent("comma_list", many))
    for message, value in pairs {
      ["P[2] contains a comma, which separates the values of this list"] = { "a", "b,c" }, ["P[1] a table can't be sent"] = { {} },
      ["P[2] is null, which can't be sent in this list"] = { "a", core.null }, ["P expected a list or text, got number"] = 5,
      ["P expected a list, got a table of names; a list of one table is { { ... } }"] = { a = "b" }, ["P[1] is not UTF-8: byte 1, counted from 1"] = { "\255" },
      ["P item 2 is nil: the list has a hole"] = { "a", nil, "c" }, ["P[1] is not a finite number"] = { 0 / 0 },
    } do
      assert.equal(message, select(2, sent("comma_list", value)))
    end
  end)

  describe("sends a list", function()
    local listing = {
      version = "v", method = "POST",
      params = { { "Name", "string", "query" }, { "Columns", "list", "body", required = true }, { "Apply", "list", "query" } },
    }

    local function parts(params, changes)
      local made, err = core.request("CreateTable", listing, params, context(changes))
      if not made then return nil, err.path .. " " .. err.message end
      return form(made.body), form(made.url:match "%?(.*)" or ""), made
    end

    it("as a parameter for each value in it, counted from 1", function()
      local body, query = parts {
        Columns = { { ColumnName = "a", Length = 5, IsPartitionCol = true }, { ColumnName = "中 &", Rate = 0.5 } },
        Apply = { { Name = "t", ColumnMetaList = { { Name = "c" }, { Name = "d" } } }, "plain" },
      }
      assert.same({
        ["Columns.1.ColumnName"] = "a", ["Columns.1.Length"] = "5", ["Columns.1.IsPartitionCol"] = "true",
        ["Columns.2.ColumnName"] = "中 &", ["Columns.2.Rate"] = "0.5",
      }, body)
      assert.same({
        ["Apply.1.Name"] = "t", ["Apply.1.ColumnMetaList.1.Name"] = "c", ["Apply.1.ColumnMetaList.2.Name"] = "d", ["Apply.2"] = "plain",
      }, query)
    end)

    it("without nulls, which still count", function()
      assert.same({ ["Columns.1"] = "a", ["Columns.3"] = "c", ["Columns.4.x"] = "1" },
        (parts { Columns = { "a", core.null, "c", { x = 1, y = core.null } } }))
    end)

    it("of any length, signed as core.sign signs it with both protocols", function()
      local columns = {}
      for i = 1, 150 do columns[i] = { ColumnName = "c" .. i, ColumnType = "STRING" } end
      for _, algorithm in ipairs { "ACS3-HMAC-SHA256", "HMAC-SHA1" } do
        local body, _, made = parts({ Columns = columns }, { algorithm = algorithm })
        assert.equal("c150", body["Columns.150.ColumnName"])
        assert.equal("c9", body["Columns.9.ColumnName"])
        local ours, pure = signed_again(made, algorithm)
        assert.equal(pure, ours)
      end
      for i = 1, 2000 do columns[i] = { ColumnName = "c" .. i, ColumnType = "STRING", Comment = "x", Length = i } end
      assert.equal("2000", parts({ Columns = columns })["Columns.2000.Length"])
    end)

    it("unless it needs too much memory", function()
      local many = {}
      for i = 1, 1100 do many[i] = "a" end
      local err = select(2, parts { Columns = { [("x"):rep(65536)] = many } })
      assert.equal("CreateTable is too large: the limit of a request is 64 MiB", err)
      assert.same({ ["Columns.1"] = "a" }, (parts { Columns = { "a" } }))
    end)

    it("as a whole, either in the query or in the form", function()
      local apply = {}
      for i = 1, 300 do apply[i] = { Name = ("t%d"):format(i) } end
      local body, query = parts { Columns = { "a" }, Apply = apply, Name = "n" }
      assert.same({ Name = "n" }, query)
      assert.equal("t300", body["Apply.300.Name"])
      assert.equal("t1", body["Apply.1.Name"])
    end)

    it("only of plain values and tables", function()
      local own = {}
      own[1] = { own }
      local deep = {}
      for _ = 1, 130 do deep = { deep } end
      for message, columns in pairs {
        ["Columns is missing"] = core.null, ["Columns is empty"] = {}, ["Columns expected a list or a table, got \"[]\""] = "[]",
        ["Columns[1].a a function can't be sent"] = { { a = print } }, ["Columns[2] is not UTF-8: byte 1, counted from 1"] = { "x", "\255" },
        ["Columns expected names of letters, digits, - and _ as keys"] = { ["a.b"] = 1 }, ["Columns[1][1] contains itself"] = own,
        ["Columns expected a list: its keys are the whole numbers from 1"] = { [0] = "a" }, ["Columns[1] is not a finite number"] = { 0 / 0 },
      } do
        assert.equal(message, select(2, parts { Columns = columns }))
      end
      assert.matches("nested more than 128 levels deep", select(2, parts { Columns = deep }))
      assert.matches("keys are the whole numbers from 1", select(2, parts { Columns = { [1.5] = "a" } }))
      assert.matches("Columns ", select(2, parts { Columns = { "a", x = 1 } }))
    end)
  end)

  it("is correct when finalizers build requests or close its signer meanwhile", function()
    local function finalized(run)
      local proxy = rawget(_G, "newproxy")
      if not proxy then return setmetatable({}, { __gc = run }) end
      local object = proxy(true)
      getmetatable(object).__gc = run
      return object
    end
    local params = { ProjectId = 1, TaskName = ("n"):rep(100), TaskContent = { a = { 1 }, b = { c = "d" } } }
    local other = { ProjectId = 2, TaskName = ("m"):rep(5000), TaskContent = { x = ("y"):rep(70000) } }
    local made, inner = context { security_token = "token" }, context()
    local expected = assert(core.request("ListFiles", row, params, made))
    local stopped, runs, closing = false, 0, nil
    local function again()
      if stopped then return end
      runs = runs + 1
      core.request("Other", row, other, inner)
      if closing then closing:close() end
      finalized(again)
    end
    local function fields(built)
      return { method = built.method, url = built.url, headers = built.headers, body = built.body }
    end
    local pause, multiplier = collectgarbage("setpause", 0), collectgarbage("setstepmul", 1000)
    again()
    local wrong = 0
    for _, sign in ipairs { core.request, core.signed_request } do
      runs = 0
      repeat
        local got = sign("ListFiles", row, params, made)
        if not pcall(assert.same, expected, fields(got)) then wrong = wrong + 1 end
      until runs > 20
      repeat
        local one = context { security_token = "token" }
        closing = one.signer
        local ok, got = pcall(sign, "ListFiles", row, params, one)
        closing = nil
        if not (ok and pcall(assert.same, expected, fields(got)) or tostring(got):find "is closed") then wrong = wrong + 1 end
      until runs > 40
    end
    stopped = true
    collectgarbage("setpause", pause)
    collectgarbage("setstepmul", multiplier)
    assert.equal(0, wrong)
  end)

  it("is one userdata with the same fields, if dataworks.curl is to send it", function()
    for _, algorithm in ipairs { "ACS3-HMAC-SHA256", "ACS3-HMAC-SM3", "HMAC-SHA1" } do
      local params, made = { ProjectId = 1, TaskName = "a\0b", TaskContent = { a = 1 } }, context { algorithm = algorithm, security_token = "token" }
      local expected, built = assert(core.request("ListFiles", row, params, made)), assert(core.signed_request("ListFiles", row, params, made))
      assert.equal("userdata", type(built))
      assert.same(expected, { method = built.method, url = built.url, headers = built.headers, body = built.body })
      assert.is_nil(built.other)
      assert.is_nil(built[1])
    end
    local get = { version = "v", method = "GET", params = {} }
    assert.equal("", core.signed_request("Get", get, {}, context()).body)
    assert.same({ core.request("ListFiles", row, { X = 1 }, context()) }, { core.signed_request("ListFiles", row, { X = 1 }, context()) })
  end)

  it("raises for an invalid context", function()
    for name, case in pairs {
      endpoint = { "ftp://x", "context.endpoint: expected https://host" }, nonce = { "a\nb", "control character" }, date = { "now", "seconds since 1970" },
      user_agent = { 5, "string expected" },
    } do
      assert.error_matches(function() request({}, { [name] = case[1] }) end, (case[2]:gsub("%p", "%%%0")))
    end
    for _, endpoint in ipairs { "https://", "https://a/b", "https://user@host", "https://a b", "https://a\n" } do
      assert.error_matches(function() request({}, { endpoint = endpoint }) end, "context.endpoint")
    end
  end)
end)

describe("a request with a bearer token", function()
  local TOKEN = "bearer/+token=="

  local function made(params, algorithm, method)
    params.ProjectId = 1
    local used = context()
    used.signer = assert(core.signer { algorithm = algorithm, bearer_token = TOKEN })
    local own = { version = row.version, method = method or row.method, params = row.params }
    return assert(core.request("ListFiles", own, params, used))
  end

  for _, algorithm in ipairs { "ACS3-HMAC-SHA256", "ACS3-HMAC-SM3" } do
    it("sends it in a header, without a signature, with " .. algorithm, function()
      local built = made({ TaskContent = "{}" }, algorithm)
      local headers = built.headers
      assert.equal(TOKEN, headers["x-acs-bearer-token"])
      assert.is_nil(headers.authorization)
      assert.is_nil(headers["x-acs-security-token"])
      assert.equal("https://dataworks.cn-shanghai.aliyuncs.com/?ProjectId=1&SignatureType=BEARERTOKEN", built.url)
      assert.equal("TaskContent=%7B%7D", built.body)
      assert.same({ NONCE, "2024-05-18T08:09:10Z", "ListFiles", "2020-05-18", 64 }, {
        headers["x-acs-signature-nonce"], headers["x-acs-date"], headers["x-acs-action"], headers["x-acs-version"],
        #headers["x-acs-content-sha256"] })
    end)
  end

  it("sends it in the form with HMAC-SHA1, and in the query of a GET", function()
    local expected = {
      Action = "ListFiles", BearerToken = TOKEN, Format = "JSON", SignatureNonce = NONCE, SignatureType = "BEARERTOKEN",
      Timestamp = "2024-05-18T08:09:10Z", Version = "2020-05-18",
    }
    assert.same(expected, form(made({}, "HMAC-SHA1").body))
    expected.ProjectId = "1"
    assert.same(expected, form(made({}, "HMAC-SHA1", "GET").url:match "%?(.*)"))
  end)

  it("leaves no trace in the requests of a key pair before and after it", function()
    local before = request({ TaskName = "x" }, { security_token = "tok" })
    made({}, "HMAC-SHA1")
    made {}
    assert.same(before, request({ TaskName = "x" }, { security_token = "tok" }))
    local plain = request {}
    assert.is_nil(plain.headers["x-acs-security-token"])
    assert.is_nil(plain.headers["x-acs-bearer-token"])
  end)

  it("refuses a token that a header can't carry", function()
    local signer, err = core.signer { bearer_token = "hush\r\nhush" }
    assert.is_nil(signer)
    assert.same({ "bearer_token", "has a blank, a line break or a control character at byte 5" }, { err.path, err.message })
    assert.equal("is empty", select(2, core.signer { bearer_token = "" }).message)
    assert.error_matches(function() core.signer { bearer_token = 5 } end, "bearer_token: string expected, got number")
  end)
end)

describe("generate", function()
  it("builds the request of its action's row", function()
    local actions = require "dataworks.api.actions"
    local name = "GenerateDISyncTaskConfigForCreating"
    local params = { ProjectId = 1, TaskType = "DI_SOLUTION", TaskParam = files.json "spec/scripts/mysql_to_holo.json", ClientToken = "t" }
    assert.same(core.request(name, actions[name], params, context()), core.generate(params, context()))
    local bad = { ProjectId = 1, TaskType = "DI_OFFLINE", TaskParam = "{}" }
    assert.same({ core.request(name, actions[name], bad, context()) }, { core.generate(bad, context()) })
  end)

  it("changes neither the parameters nor the script", function()
    local task = files.json "spec/scripts/mysql_to_odps.json"
    local params = { ProjectId = 1, TaskType = "DI_REALTIME", TaskParam = task }
    assert(core.generate(params, context()))
    assert.same({ ProjectId = 1, TaskType = "DI_REALTIME", TaskParam = files.json "spec/scripts/mysql_to_odps.json" }, params)
  end)
end)
