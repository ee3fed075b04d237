local core = require "dataworks.core"
local curl = require "dataworks.curl"
local native_support = require "spec.support.native"
local web_support = require "spec.support.web"

local UNRESOLVABLE = require("spec.support.native").UNRESOLVABLE

-- Long enough for a slow machine.
local PATIENCE = 30
local SHORT = 0.2
-- Long enough to connect, and to get the beginning of a reply, on a busy machine.
local BEGINNING = 1

-- Lua code that runs actions in finalizers.
local FINALIZERS = [[
local function finalize(run)
  if not newproxy then return setmetatable({}, { __gc = run }) end
  getmetatable(newproxy(true)).__gc = run
end

-- Runs the action in the finalizers of the cycle with this number.
local function plan(cycle, action)
  finalize(function()
    if cycle == 1 then pcall(action) else plan(cycle - 1, action) end
  end)
end

-- Makes each check for garbage run a full cycle. The table grows, so that the next check finds some.
local function tighten()
  local grown = {}
  collectgarbage "restart"
  collectgarbage("setpause", 0)
  if _VERSION == "Lua 5.4" then collectgarbage("incremental", 0, 1000, 63) else collectgarbage("setstepmul", 1e6) end
  for i = 1, 64 do grown[i] = true end
end
]]

describe("dataworks.curl", function()
  local web, native, session

  setup(function()
    native = native_support.load()
    web = web_support.start()
  end)

  teardown(function()
    if web then web:stop() end
  end)

  before_each(function()
    session = curl.new { ca_file = web.ca_file }
  end)

  after_each(function()
    session:close()
  end)

  local function read(from, url, timeout)
    local status, headers, body = from:send({ method = "GET", url = url }, timeout or PATIENCE)
    return status, status and curl.headers(headers) or headers, body
  end

  local function get(path, timeout, using)
    return read(using or session, web:url(path), timeout)
  end

  local function get_tls(path, server, using)
    return read(using or session, web:tls_url(server or "tls", path))
  end

  local function refused(kind, sent, code, status, err)
    assert.is_nil(status)
    assert.same({ kind, sent, code }, { err.kind, err.sent, err.code })
    assert.is_string(err.message)
    assert.not_equal("", err.message)
    return err.message
  end

  describe("a request", function()
    it("has only the given headers and the headers that HTTP needs", function()
      local headers = { host = "dataworks.test", ["x-acs-action"] = "ListFiles", authorization = "secret" }
      local status, _, body = session:send({ method = "GET", url = web:url("/echo?b=%2F&a=1"), headers = headers }, PATIENCE)
      assert.equal(200, status)
      local lines = {}
      for line in body:gmatch("([^\r\n]+)\r\n") do lines[#lines + 1] = line end
      table.sort(lines)
      local encoding = table.remove(lines, 1)
      assert.matches("^Accept%-Encoding: .*gzip", encoding)
      assert.same({
        "GET /echo?b=%2F&a=1 HTTP/1.1", "Host: dataworks.test", "authorization: secret",
        "x-acs-action: ListFiles",
      }, lines)
    end)

    it("sends the body of POST and PUT byte for byte", function()
      local bytes = {}
      for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
      local all = table.concat(bytes):rep(400)
      for _, method in ipairs { "POST", "PUT" } do
        local headers = { ["content-type"] = "text/x" }
        local _, _, body = session:send({ method = method, url = web:url("/echo"), headers = headers, body = all }, PATIENCE)
        local head, rest = body:match("^(.-\r\n\r\n)(.*)$")
        assert.equal(method .. " /echo HTTP/1.1", head:match("^[^\r]+"))
        assert.matches("\r\ncontent%-type: text/x\r\n", head)
        assert.matches("\r\nContent%-Length: 102400\r\n", head)
        assert.is_true(rest == all)
      end
    end)

    it("sends a signed request of the core as its table, and refuses other userdata", function()
      local row = { version = "v", method = "POST", params = { { "Text", "string", "body" }, { "Id", "long", "query" } } }
      local context = {
        signer = assert(core.signer { access_key_id = "id", access_key_secret = "secret" }), endpoint = web:url "",
        date = 1716019750, nonce = "n", user_agent = "spec",
      }
      local function sent(sign, params)
        local request = assert(sign("Action", row, params, context))
        local _, _, body = session:send(request, PATIENCE)
        local lines = {}
        for line in body:gmatch "[^\r\n]+" do lines[#lines + 1] = line end
        table.sort(lines)
        return lines
      end
      for _, params in ipairs { {}, { Id = 1 }, { Text = ("x"):rep(100000), Id = 1 }, { Text = "\n&=" } } do
        local lines = sent(core.signed_request, params)
        assert.same(sent(core.request, params), lines)
        assert.matches("Signature=", table.concat(lines, "\n"))
      end
      assert.error_matches(function() session:send(io.stdout, PATIENCE) end, "dataworks.signed_request 1 expected")
      assert.error_matches(function() session:send(context.signer, PATIENCE) end, "dataworks.signed_request 1 expected")
    end)

    it("adds no content type and no Expect", function()
      local _, _, body = session:send({ method = "POST", url = web:url("/echo"), body = ("x"):rep(2000000) }, PATIENCE)
      local head = body:match("^(.-\r\n\r\n)"):lower()
      for _, name in ipairs { "content%-type", "expect", "user%-agent", "accept" } do
        assert.not_matches("\r\n" .. name .. ":", head)
      end
    end)

    it("has nothing of the request before it", function()
      session:send({ method = "PUT", url = web:url("/echo"), headers = { ["x-secret"] = "one" }, body = "body" }, PATIENCE)
      local _, _, body = get "/echo"
      assert.matches("^GET ", body)
      assert.not_matches("secret", body)
      assert.not_matches("body", body)
      assert.not_matches("Content%-Length", body)
    end)

    it("sends an empty header value", function()
      local headers = { ["x-empty"] = "", ["x-blank"] = " \t " }
      local _, _, body = session:send({ method = "GET", url = web:url("/echo"), headers = headers }, PATIENCE)
      assert.matches("\r\nx%-empty:\r\n", body)
      assert.matches("\r\nx%-blank:\r\n", body)
    end)

    it("keeps dot segments and escapes in the path", function()
      local _, _, body = session:send({ method = "GET", url = web:url("/echo/../echo/%7e") }, PATIENCE)
      assert.matches("^GET /echo/%.%./echo/%%7e ", body)
    end)

    it("asks for the target in its URL, whatever else in it looks like a scheme", function()
      local origin = web:url ""
      for url, target in pairs {
        [origin .. "/echo?"] = "/echo?", [origin .. "/echo?b#c?d"] = "/echo?b", [origin .. "/echo#/x?y"] = "/echo",
        [origin .. "//echo?u=x://b/c"] = "//echo?u=x://b/c", [origin .. "/echo?/../%zz"] = "/echo?/../%zz",
        [origin:gsub("http://", "HTTP:///") .. "/echo?b"] = "/echo?b",
      } do
        local _, _, body = session:send({ method = "GET", url = url }, PATIENCE)
        assert.equal("GET " .. target .. " HTTP/1.1", body:match "^[^\r]*", url)
      end
    end)

    it("is refused without a scheme, also after a request that had one", function()
      assert.equal(200, (get "/echo"))
      local host = web:url(""):match "//(.*)"
      for _, url in ipairs {
        "echo", "/echo", "?echo", "#", "://" .. host, " " .. web:url "/echo", "http:/" .. host .. "/a://b/echo",
      } do
        refused("invalid", false, "CURLE_URL_MALFORMAT", session:send({ method = "GET", url = url }, PATIENCE))
      end
    end)

    it("is refused when a header has several lines or a NUL", function()
      for _, value in ipairs { "a\rb", "a\nb", "a\0b", "a\r\nx-more: 1", "\n" } do
        local message = refused("invalid", false, "CURLE_BAD_FUNCTION_ARGUMENT",
          session:send({ method = "GET", url = web:url("/echo"), headers = { ["x-a"] = value } }, PATIENCE))
        assert.not_matches("more", message)
      end
      for _, name in ipairs { "", "x a", "x:a", "x\n", "x\0", "x;", "x\195\164" } do
        refused("invalid", false, "CURLE_BAD_FUNCTION_ARGUMENT",
          session:send({ method = "GET", url = web:url("/echo"), headers = { [name] = "a" } }, PATIENCE))
      end
    end)

    it("is refused when the caller sets its length", function()
      for _, name in ipairs { "content-length", "Content-Length", "Transfer-Encoding" } do
        refused("invalid", false, "CURLE_BAD_FUNCTION_ARGUMENT",
          session:send({ method = "POST", url = web:url("/echo"), headers = { [name] = "3" }, body = "body" }, PATIENCE))
      end
    end)

    it("is refused unless it is http or https", function()
      for _, url in ipairs {
        "", "localhost", "ftp://localhost/", "file:///etc/passwd", "https://user:word@localhost/",
        "https://", web:url("/echo") .. "\0", web:url("/a b"), "https://localhost:port/",
      } do
        local message = refused("invalid", false, "CURLE_URL_MALFORMAT",
          session:send({ method = "GET", url = url }, PATIENCE))
        assert.not_matches("word", message)
      end
    end)

    it("is refused over plain http unless the host is loopback or allow_http is set", function()
      for _, host in ipairs { "service.invalid", "127.service.invalid", "128.0.0.1", "0.0.0.0", "[::2]" } do
        refused("invalid", false, "CURLE_UNSUPPORTED_PROTOCOL",
          session:send({ method = "GET", url = ("http://%s:%d/echo"):format(host, web.http) }, PATIENCE))
      end
      for _, host in ipairs { "127.0.0.1", "127.1", "localhost", "LOCALHOST", "localhost." } do
        local url = ("http://%s:%d/echo"):format(host, web.http)
        assert.equal(200, (session:send({ method = "GET", url = url }, PATIENCE)))
      end
      local open = curl.new { allow_http = true }
      refused("transport", false, "CURLE_COULDNT_RESOLVE_HOST",
        open:send({ method = "GET", url = "http://" .. UNRESOLVABLE }, PATIENCE))
      open:close()
    end)

    it("raises for arguments of the wrong type", function()
      local url = web:url("/echo")
      assert.error_matches(function() session:send({ method = "DELETE", url = url }, 1) end, "invalid method 'DELETE'")
      assert.error_matches(function() session:send({ method = "GET", url = url, body = "body" }, 1) end, "GET has no body")
      assert.error_matches(function() session:send({ method = "GET", url = url, headers = { "a" } }, 1) end, "must be strings")
      assert.error_matches(function() session:send({ method = "GET", url = url, headers = { a = 1 } }, 1) end, "must be strings")
      assert.error_matches(function() session:send({ method = "GET", url = url, headers = "a" }, 1) end, "headers must be a table")
      assert.error_matches(function() session:send({ url = url }, 1) end, "method: string expected, got nil")
      assert.error_matches(function() session:send({ method = "GET", url = 1 }, 1) end, "url: string expected, got number")
      assert.error_matches(function() session:send({ method = "POST", url = url, body = 1 }, 1) end, "body: string expected, got number")
      assert.error_matches(function() session:send(url, 1) end, "table expected")
      assert.error_matches(function() session:send({ method = "GET", url = url }) end, "number expected")
      assert.error_matches(function() session:send({ method = "GET", url = url }, 0 / 0) end, "not a number")
      assert.error_matches(function() session:send({ method = "GET", url = url }, 1, 1, "a\0b") end, "it has a NUL")
    end)
  end)

  describe("a reply", function()
    it("has its status, lower-case headers and body", function()
      local status, headers, body = get "/status/418"
      assert.equal(418, status)
      assert.equal("status 418", body)
      assert.matches("^nginx", headers.server)
    end)

    it("joins repeated headers", function()
      local _, headers = get "/twice"
      assert.equal("a, b", headers["x-twice"])
    end)

    it("is decompressed", function()
      local _, headers, body = get "/gzip/1"
      assert.equal("gzip", headers["content-encoding"])
      assert.is_true(body == ("\0"):rep(1024 * 1024))
    end)

    it("may come in chunks", function()
      local _, headers, body = get "/chunked"
      assert.equal("chunked", headers["transfer-encoding"])
      assert.equal("one two three", body)
    end)

    it("is returned when it redirects", function()
      local status, headers = get "/location"
      assert.equal(302, status)
      assert.matches("/echo$", headers.location)
    end)

    it("may have neither headers nor body", function()
      assert.same({ 200, {}, "" }, { get "/raw/bare" })
    end)

    it("may have the name of its protocol in lower case", function()
      local status, headers, body = get "/raw/lower_case"
      if status == nil then
        -- libcurl 7.80 takes such a reply for HTTP/0.9, and refuses it.
        return assert.equal("CURLE_UNSUPPORTED_PROTOCOL", headers.code)
      end
      assert.same({ 200, "ok", "2" }, { status, body, headers["content-length"] })
    end)

    it("has no headers of a 1xx reply or of a trailer", function()
      local status, headers = get "/raw/early"
      assert.equal(200, status)
      assert.same({ ["x-b"] = "final", connection = "close" }, headers)
      local _, with_trailer, body = get "/raw/trailer"
      assert.same({ ["transfer-encoding"] = "chunked", connection = "close" }, with_trailer)
      assert.equal("ok", body)
    end)

    it("is limited to max_reply_bytes", function()
      local small = curl.new { max_reply_bytes = 1000 }
      assert.equal(200, (get("/bytes/1000", nil, small)))
      local message = refused("protocol", true, "CURLE_FILESIZE_EXCEEDED", get("/bytes/1001", nil, small))
      assert.matches("1000 bytes", message)
      small:close()
    end)

    it("is limited to 16 MiB after decompression by default", function()
      assert.equal(16 * 1024 * 1024, #select(3, get "/gzip/16"))
      refused("protocol", true, "CURLE_FILESIZE_EXCEEDED", get "/gzip/17")
    end)

    it("has its headers as a text that the module reads", function()
      assert.same({}, curl.headers "")
      assert.same({ a = "", b = "1, 2" }, curl.headers "a\0\0b\0001\0b\0002\0")
      for _, text in ipairs { "a", "a\0001\0b" } do
        assert.error_matches(function() curl.headers(text) end, "not a text of headers")
      end
    end)

    it("is limited to 128 headers and 64 KiB of them", function()
      assert.equal(200, (get "/raw/headers_128"))
      refused("protocol", true, "CURLE_WEIRD_SERVER_REPLY", get "/raw/headers_129")
      refused("protocol", true, "CURLE_WEIRD_SERVER_REPLY", get "/raw/header_64k")
      refused("protocol", "unknown", "CURLE_WEIRD_SERVER_REPLY", get "/raw/early_forever")
    end)
  end)

  describe("reports a failure", function()
    it("as not sent when there was no connection", function()
      local closed = native.closed_port()
      refused("transport", false, "CURLE_COULDNT_CONNECT",
        session:send({ method = "GET", url = ("http://127.0.0.1:%d/"):format(closed) }, PATIENCE))
      refused("transport", false, "CURLE_COULDNT_RESOLVE_HOST",
        session:send({ method = "GET", url = "https://" .. UNRESOLVABLE }, PATIENCE))
    end)

    it("as not sent when the certificate is not valid", function()
      for _, server in ipairs { "tls_other_name", "tls_expired", "tls_self_signed" } do
        refused("transport", false, "CURLE_PEER_FAILED_VERIFICATION", get_tls("/vanish", server))
      end
      local stranger = curl.new {}
      refused("transport", false, "CURLE_PEER_FAILED_VERIFICATION", get_tls("/vanish", "tls", stranger))
      stranger:close()
      assert.equal("0", select(3, get "/count/vanish"))
    end)

    it("as not sent when the server has no TLS 1.2", function()
      refused("transport", false, "CURLE_SSL_CONNECT_ERROR", get_tls("/vanish", "tls_old"))
      refused("transport", false, "CURLE_SSL_CONNECT_ERROR",
        session:send({ method = "GET", url = ("https://localhost:%d/"):format(web.http) }, PATIENCE))
    end)

    it("as not sent when ca_file can't be read", function()
      local blind = curl.new { ca_file = "/nonexistent" }
      refused("transport", false, "CURLE_SSL_CACERT_BADFILE", get_tls("/vanish", "tls", blind))
      blind:close()
    end)

    it("as not sent when the deadline passed before the connection was up", function()
      refused("timeout", false, "CURLE_OPERATION_TIMEDOUT", get("/never", 0))
      refused("timeout", false, "CURLE_OPERATION_TIMEDOUT", get("/never", -1))
      local mute = native.silent_port()
      local url = ("https://localhost:%d/"):format(mute)
      refused("timeout", false, "CURLE_OPERATION_TIMEDOUT", session:send({ method = "GET", url = url }, SHORT))
      local impatient = curl.new { connect_timeout = SHORT }
      refused("timeout", false, "CURLE_OPERATION_TIMEDOUT", impatient:send({ method = "GET", url = url }, PATIENCE))
      impatient:close()
      refused("timeout", false, "CURLE_OPERATION_TIMEDOUT", session:send({ method = "GET", url = url }, PATIENCE, SHORT))
    end)

    it("as possibly sent when the service did not answer", function()
      refused("timeout", "unknown", "CURLE_OPERATION_TIMEDOUT", get("/never", BEGINNING))
      refused("transport", "unknown", "CURLE_RECV_ERROR", get "/vanish")
      refused("transport", "unknown", "CURLE_GOT_NOTHING", get "/raw/nothing")
      refused("transport", "unknown", "CURLE_GOT_NOTHING", get "/raw/early_only")
      refused("protocol", "unknown", "CURLE_UNSUPPORTED_PROTOCOL", get "/raw/no_http")
    end)

    it("as sent when the reply had begun", function()
      refused("timeout", true, "CURLE_OPERATION_TIMEDOUT", get("/half", BEGINNING))
      refused("transport", true, "CURLE_RECV_ERROR", get "/reset")
      refused("transport", true, "CURLE_PARTIAL_FILE", get "/raw/truncated")
      refused("transport", true, "CURLE_PARTIAL_FILE", get "/raw/truncated_head")
      refused("transport", true, "CURLE_PARTIAL_FILE", get "/raw/truncated_chunk")
      refused("protocol", true, "CURLE_RECV_ERROR", get "/raw/bad_chunk")
      refused("protocol", true, "CURLE_BAD_CONTENT_ENCODING", get "/raw/bad_gzip")
      refused("protocol", true, "CURLE_BAD_CONTENT_ENCODING", get "/raw/bad_encoding")
      refused("protocol", true, "CURLE_BAD_CONTENT_ENCODING", get "/raw/more_gzip")
      refused("protocol", true, "CURLE_FILESIZE_EXCEEDED", get "/raw/announced")
      refused("protocol", true, "CURLE_WEIRD_SERVER_REPLY", get "/raw/bad_header")
      refused("protocol", true, "CURLE_WEIRD_SERVER_REPLY", get "/raw/bad_name")
    end)

    it("without secrets", function()
      local headers = { authorization = "secret" }
      for _, proxy in ipairs { "nonsense://user:pass-word@127.0.0.1:1", "http://user:pass-word@127.0.0.1:port" } do
        local _, err = session:send({ method = "POST", url = "https://service.invalid/", headers = headers, body = "secret" }, PATIENCE, nil, proxy)
        assert.is_false(err.sent)
        assert.not_matches("pass%-word", err.message)
        assert.not_matches("secret", err.message)
      end
    end)
  end)

  describe("a kept connection", function()
    it("is reused by the next request", function()
      local first = select(3, get_tls "/connection"):match("^%d+")
      for i = 2, 5 do assert.equal(first .. " " .. i, select(3, get_tls "/connection")) end
    end)

    it("is reused after an error reply", function()
      local first = select(3, get "/connection"):match("^%d+")
      get "/status/500"
      session:send({ method = "GET", url = web:url("/echo"), headers = { bad = "\n" } }, PATIENCE)
      assert.equal(first .. " 3", select(3, get "/connection"))
    end)

    for _, server in ipairs { "http", "tls" } do
      it("does not repeat a request when it breaks after the request was read (" .. server .. ")", function()
        local fetch = server == "http" and get or get_tls
        local before = tonumber((select(3, fetch "/count/vanish")))
        refused("transport", "unknown", "CURLE_GOT_NOTHING",
          session:send({ method = "POST", url = server == "http" and web:url("/vanish") or web:tls_url("tls", "/vanish"), body = "create" }, PATIENCE))
        assert.equal(before + 1, tonumber((select(3, fetch "/count/vanish"))))
      end)

      it("is not reused after the service closed it (" .. server .. ")", function()
        local fetch = server == "http" and get or get_tls
        assert.equal("bye", select(3, fetch "/bye"))
        -- The server has one process, so this reply comes after the close.
        local other = curl.new {}
        get("/echo", nil, other)
        other:close()
        assert.equal(200, (fetch "/echo"))
      end)
    end

    it("is reused when a file has the descriptor of an earlier connection", function()
      get("/half", SHORT)
      local file = assert(io.open "/dev/null")
      local first = select(3, get "/connection"):match "^%d+"
      assert.equal(first .. " 2", select(3, get "/connection"))
      file:close()
    end)

    it("is closed after an incomplete reply", function()
      local before = native.connections()
      get("/half", SHORT)
      assert.equal(before, native.connections())
      assert.equal(200, (get "/echo"))
    end)

    it("is replaced by a connection to another host", function()
      local before = native.connections()
      get "/echo"
      get_tls "/echo"
      assert.equal(before + 1, native.connections())
    end)

    it("is closed by close, by the garbage collector and by a to-be-closed variable", function()
      local before = native.connections()
      get "/echo"
      assert.is_true(native.connections() > before)
      session:close()
      assert.equal(before, native.connections())

      assert.equal(200, (get("/echo", nil, curl.new {})))
      collectgarbage()
      collectgarbage()
      assert.equal(before, native.connections())

      if _VERSION == "Lua 5.4" then
        local chunk = assert(load "local new, use = ...; local s <close> = new {}; return (use(s))")
        assert.equal(200, chunk(curl.new, function(using) return get("/echo", nil, using) end))
        assert.equal(before, native.connections())
      end
    end)
  end)

  describe("after a fork", function()
    local function connection(using)
      return select(3, get_tls("/connection", "tls", using))
    end

    it("gives the child its own connection and keeps the parent's", function()
      local mine = connection():match("^%d+")
      assert.equal("done", native.fork(function()
        local connections = native.connections()
        local first = connection():match("^%d+")
        assert(first ~= mine, "the child used the parent's connection")
        assert(connection() == first .. " 2", "the child's connection is not kept")
        assert(native.connections() == connections, "the child holds the parent's connection")
        session:close()
      end))
      assert.equal(mine .. " 2", connection())
    end)

    it("keeps the parent's connection when the child closes the session", function()
      local mine = connection():match("^%d+")
      assert.equal("done", native.fork(function() session:close() end))
      assert.equal("done", native.fork(function()
        session = nil
        collectgarbage()
        collectgarbage()
      end))
      assert.equal(mine .. " 2", connection())
    end)

    it("closes no file that the child opened after closing all descriptors", function()
      connection()
      assert.equal("done", native.fork(function()
        native.close_descriptors()
        local path = os.tmpname()
        local files = {}
        for i = 1, 20 do files[i] = assert(io.open(path, "w")) end
        session:close()
        for i = 1, 20 do assert(files[i]:write("still open")) assert(files[i]:flush()) end
        os.remove(path)
      end))
    end)
  end)

  it("keeps its deadline when the name server never answers", function()
    local library = native_support.silent_resolver()
    local output = native_support.run([[
      local session = require("dataworks.curl").new {}
      local _, err = session:send({ method = "GET", url = "https://service.test/" }, 0.2)
      print(err.kind, err.sent)
      _, err = session:send({ method = "GET", url = "https://service.test/" }, 30, 0.2)
      print(err.kind, err.sent)
      session:close()
    ]], { LD_PRELOAD = library, ASAN_OPTIONS = "verify_asan_link_order=0" })
    os.remove(library)
    assert.equal("timeout\tfalse\ntimeout\tfalse\n", output)
  end)

  it("works in Lua states of several threads at once", function()
    assert.equal("", native.threads(([[
      package.path, package.cpath = %q, %q
      local session = require("dataworks.curl").new {}
      for i = 1, 50 do
        local status, err = session:send({ method = "POST", url = %q, body = "body" }, 30)
        assert(status == 200, err.message)
      end
    ]]):format(package.path, package.cpath, web:url("/echo"))))
  end)

  it("is checked after the last finalizer that can close it or begin a request with it", function()
    local output = native_support.run(FINALIZERS .. [[
      local curl = require "dataworks.curl"
      local REQUEST = { method = "GET", url = "http://127.0.0.1:1/", headers = { ["x-a"] = "b" }, body = "" }

      local function with_session(cycle, action, use)
        collectgarbage "stop"
        local session, multi, other = curl.new {}, curl.multi(), curl.multi()
        plan(cycle, function() action(session, multi, other) end)
        pcall(function()
          tighten()
          return use(session, multi)
        end)
        collectgarbage "stop"
        for _, object in ipairs { multi, other, session } do object:close() end
      end

      local function close(session) session:close() end
      local function close_multi(_, multi) multi:close() end
      local function begin(session, _, other) other:add(session, REQUEST, 5) end
      local function send(session) return session:send(REQUEST, 5) end
      local function add(session, multi) return multi:add(session, REQUEST, 5) end

      for cycle = 1, 12 do
        with_session(cycle, close, send)
        with_session(cycle, close, add)
        with_session(cycle, close_multi, add)
        with_session(cycle, begin, add)
      end
      print "done"
    ]])
    assert.equal("done\n", output)
  end)

  it("returns the reply while finalizers close it or send another request with it", function()
    local output = native_support.run(FINALIZERS .. ([[
      local curl = require "dataworks.curl"
      local url = %q
      local runs = 0

      local function send(session, status)
        return session:send({ method = "GET", url = url .. "/status/" .. status, headers = {}, body = "" }, 30)
      end

      local actions = {
        function(session) session:close() end,
        function(session) assert(send(session, 202) == 202) end,
      }

      for cycle = 1, 12 do
        for _, act in ipairs(actions) do
          collectgarbage "stop"
          local session = curl.new {}
          send(session, 200)
          plan(cycle, function()
            act(session)
            runs = runs + 1
          end)
          tighten()
          local ok, status, headers, body = pcall(send, session, 201)
          collectgarbage "stop"
          if ok then
            assert(status == 201 and curl.headers(headers).date and body == "status 201", body)
          else
            assert(status:find "the session is closed", status)
          end
          session:close()
        end
      end
      print(runs >= 4 or runs)
    ]]):format(web:url ""))
    assert.equal("true\n", output)
  end)

  it("shows only its state", function()
    local secret = curl.new { client_key_password = "secret" }
    assert.equal("dataworks.curl session (open)", tostring(secret))
    secret:close()
    assert.equal("dataworks.curl session (closed)", tostring(secret))
  end)

  it("can be closed twice and then raises when used", function()
    session:close()
    session:close()
    assert.error_matches(function() get "/echo" end, "the session is closed")
  end)

  it("raises for options of the wrong type", function()
    assert.error_matches(function() curl.new() end, "table expected")
    assert.error_matches(function() curl.new { client_key = 1 } end, "option client_key must be a string")
    for _, version in ipairs { "1.1", 1.2, "" } do
      assert.error_matches(function() curl.new { min_tls = version } end, 'option min_tls must be "1.2" or "1.3"')
    end
    assert.error_matches(function() curl.new { ca_file = "a\0b" } end, "option ca_file has a NUL")
    assert.error_matches(function() curl.new { max_reply_bytes = "1" } end, "option max_reply_bytes must be")
    assert.error_matches(function() curl.new { max_reply_bytes = -1 } end, "option max_reply_bytes is out of")
    assert.error_matches(function() curl.new { connect_timeout = 0 } end, "option connect_timeout is out of")
    assert.error_matches(function() curl.new { connect_timeout = 0 / 0 } end, "option connect_timeout is")
  end)

  it("sleeps, and returns at once for zero and past times", function()
    curl.sleep(0.001)
    curl.sleep(0)
    curl.sleep(-1)
    assert.error_matches(function() curl.sleep("soon") end, "number expected")
  end)
end)
