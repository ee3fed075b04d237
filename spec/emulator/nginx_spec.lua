local files = require "spec.support.files"
local interpreter = require("spec.support.shell").interpreter
local json = require "dataworks.emulator.json"
local nginx = require "dataworks.emulator.nginx"
local shell = require "dataworks.emulator.shell"
local support = require "spec.support.emulator"
local wire = require "spec.support.wire"

local PROJECT = 10000
local LIST = { ProjectId = PROJECT, DestinationType = "holo" }

local function exists(path)
  local file = io.open(path)
  if file then
    file:close()
  end
  return file ~= nil
end

local function output_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "*a"
  pipe:close()
  return text
end

describe("the emulator over HTTP", function()
  local emulator

  setup(function() emulator = support.start() end)
  teardown(function() emulator:stop() end)
  before_each(function() emulator:reset() end)

  local function call(action, params, changes)
    local reply, err = wire.call(emulator, action, params, changes)
    return reply and json.decode(reply.body) or nil, reply or err
  end

  local function list(changes)
    return call("ListDIProjectConfig", LIST, changes)
  end

  for _, algorithm in ipairs { "ACS3-HMAC-SHA256", "ACS3-HMAC-SM3", "HMAC-SHA1" } do
    it("creates a task with " .. algorithm, function()
      emulator:settings { pending_calls = 1 }
      local signed = { algorithm = algorithm }
      local task = { ProjectId = PROJECT, TaskType = "DI_REALTIME" }
      local function with(params)
        params.ProjectId, params.TaskType = task.ProjectId, task.TaskType
        return params
      end
      local made = call("GenerateDISyncTaskConfigForCreating",
        with { TaskParam = files.read "spec/scripts/mysql_to_odps.json" }, signed)
      local query = with { AsyncProcessId = made.Data.ProcessId }
      assert.is_nil(call("QueryDISyncTaskConfigProcessResult", query, signed).Data.Status)
      local content = call("QueryDISyncTaskConfigProcessResult", query, signed).Data.TaskContent
      local created = call("CreateDISyncTask", with { TaskContent = content, TaskName = "名 1" }, signed)
      local found = call("GetDISyncTask", with { FileId = created.Data.FileId }, signed)
      assert.same({ "success", content }, { created.Data.Status, found.Data.Code })
    end)
  end

  it("accepts calls signed with a security token", function()
    assert.is_true(list(emulator.sts).Success)
    assert.is_true(list({
      algorithm = "HMAC-SHA1", access_key_id = emulator.sts.access_key_id,
      access_key_secret = emulator.sts.access_key_secret, security_token = emulator.sts.security_token,
    }).Success)
    assert.equal("InvalidSecurityToken.Expired", list(emulator.expired).Code)
    assert.equal("InvalidAccessKeyId.Inactive", list(emulator.disabled).Code)
  end)

  it("answers with the gateway's headers", function()
    local body, reply = list { access_key_secret = "wrong" }
    local headers = reply.headers
    assert.equal(400, reply.status)
    assert.equal("SignatureDoesNotMatch", body.Code)
    assert.equal("application/json;charset=utf-8", headers["content-type"])
    assert.equal("*", headers["access-control-allow-origin"])
    assert.equal(body.RequestId, headers["x-acs-request-id"])
    assert.matches("^%x+%-%x+%-4%x+%-A%x+%-%x+$", body.RequestId)
    assert.equal(32, #headers["x-acs-trace-id"])
    assert.equal("127.0.0.1", body.HostId)
  end)

  it("keeps ids beyond 2^53 exact on the wire", function()
    emulator:settings { first_id = "9007199254740993" }
    local _, reply = call("CreateDISyncTask", {
      ProjectId = PROJECT, TaskType = "DI_OFFLINE",
      TaskContent = files.read "spec/scripts/task_content_offline.json",
    })
    assert.is_truthy(reply.body:find('"FileId":9007199254740993,', 1, true))
  end)

  it("answers a long URL with a JSON error, and shows it in the journal", function()
    for bytes, action in pairs { [16 * 1024] = "ListDIProjectConfig", [200 * 1024] = false } do
      local request = wire.request(emulator, "ListDIProjectConfig", LIST)
      request.url = request.url .. "&x=" .. ("x"):rep(bytes)
      local reply = wire.send(emulator, request)
      local body, entries = json.decode(reply.body), emulator:journal()
      assert.same({ 414, "RequestUriTooLong", "127.0.0.1", reply.headers["x-acs-request-id"] },
        { reply.status, body.Code, action and body.HostId or "127.0.0.1", body.RequestId })
      local entry = entries[#entries]
      assert.same({ action or nil, "refused", 414, body.RequestId }, { entry.action, entry.outcome, entry.status, entry.request_id })
      emulator:reset()
    end
  end)

  it("answers a body over its limit with a JSON error", function()
    local request = wire.request(emulator, "ListDIProjectConfig", LIST)
    request.body = ("x"):rep(65 * 1024 * 1024)
    local reply, err = wire.send(emulator, request)
    assert.equal("RequestEntityTooLarge", reply and json.decode(reply.body).Code or err.message)
  end)

  it("answers requests that nginx itself refuses with a JSON error", function()
    for arguments, expected in pairs {
      ["-X TRACE"] = '405 .*"Code":"UnsupportedHTTPMethod"', ["-H 'Transfer-Encoding: gzip'"] = '501 .*"Code":"MalformedRequest"',
    } do
      local reply = output_of(("env -u LD_PRELOAD curl -sS --max-time 30 --noproxy '*' -i %s %s/"):format(arguments, emulator.endpoint))
      assert.matches("^HTTP/1.1 " .. expected, reply)
    end
  end)

  it("sends no header on its own paths that lets web pages of other sites read them", function()
    local head = output_of(("env -u LD_PRELOAD curl -sS --max-time 30 --noproxy '*' -D - %s/_emulator/settings"):format(emulator.endpoint))
    assert.is_nil(head:lower():find("access-control", 1, true))
    assert.matches("^HTTP/1.1 403 ", output_of(("env -u LD_PRELOAD curl -sS --max-time 30 --noproxy '*' -i -H 'Host: example.com' %s/_emulator/journal")
      :format(emulator.endpoint)))
  end)

  it("refuses a used nonce and an old date", function()
    local request = wire.request(emulator, "ListDIProjectConfig", LIST)
    assert.equal(200, wire.send(emulator, request).status)
    assert.equal("SignatureNonceUsed", json.decode(wire.send(emulator, request).body).Code)
    emulator:settings { clock_offset = 1000 }
    assert.equal("InvalidTimeStamp.Expired", list().Code)
    assert.is_true(list({ algorithm = "HMAC-SHA1" }).Success)
  end)

  it("compresses when the client accepts it", function()
    local request = wire.request(emulator, "ListDIProjectConfig", LIST)
    local path = emulator.directory .. "/reply"
    local options = {}
    for name, value in pairs(request.headers) do
      options[#options + 1] = "-H " .. shell.quote(name .. ": " .. value)
    end
    options[#options + 1] = "-X POST -H 'accept-encoding: gzip' -D - -o " .. shell.quote(path)
    local head = output_of(("env -u LD_PRELOAD curl -sS --max-time 30 --noproxy '*' %s %s"):format(
      table.concat(options, " "), shell.quote(request.url)))
    assert.matches("Content%-Encoding: gzip", head)
    assert.equal("\31\139", files.read(path):sub(1, 2))
  end)

  it("records each call with its outcome in the journal", function()
    local params = {
      ProjectId = PROJECT, TaskType = "DI_OFFLINE", ClientToken = "t",
      TaskContent = files.read "spec/scripts/task_content_offline.json",
    }
    call("CreateDISyncTask", params)
    call("CreateDISyncTask", params)
    params.TaskName = "other"
    call("CreateDISyncTask", params)
    call("GetDISyncTask", { ProjectId = PROJECT, FileId = 5, TaskType = "DI_REALTIME" })
    local seen = {}
    for i, entry in ipairs(emulator:journal()) do
      seen[i] = { entry.action, entry.outcome, entry.status, entry.code, entry.token }
    end
    assert.same({
      { "CreateDISyncTask", "acted", 200, nil, "t" },
      { "CreateDISyncTask", "replayed", 200, nil, "t" },
      { "CreateDISyncTask", "refused", 400, "IdempotentParameterMismatch", "t" },
      { "GetDISyncTask", "failed", 200, nil, nil },
    }, seen)
    local last = emulator:journal("GetDISyncTask")[1]
    assert.equal("5", last.params.FileId)
    assert.matches("%S", last.detail)
    assert.is_true(last.time > 1700000000, last.time) -- seconds since 1970
  end)

  it("forgets everything on a reset", function()
    emulator:settings { pending_calls = 9 }
    emulator:fault { fault = "reset" }
    list { access_key_secret = "wrong" }
    emulator:reset()
    assert.equal(2, emulator:settings().pending_calls)
    assert.same({}, emulator:journal())
    assert.is_true(list().Success)
  end)

  it("names the problem with a setting or a fault", function()
    assert.has_error(function() emulator:settings { pending_form = "x" } end,
      "the emulator said: pending_form is not known")
    assert.has_error(function() emulator:fault { fault = "reset", sometimes = true } end,
      "the emulator said: unknown field sometimes")
  end)

  describe("with a fault", function()
    local function call_with(fault, changes)
      fault.action = "ListDIProjectConfig"
      emulator:fault(fault)
      return list(changes)
    end

    local function outcome()
      local entry = emulator:journal("ListDIProjectConfig")[1]
      return { entry.fault, entry.acted, entry.status }
    end

    it("throttles as the gateway, with the time to wait in milliseconds", function()
      local body, reply = call_with { fault = "throttle", retry_after = 300 }
      assert.same({ 400, "Throttling.User" }, { reply.status, body.Code })
      assert.equal("300", reply.headers["x-acs-retry-after"])
      assert.same({ "throttle", false, 400 }, outcome())
    end)

    it("throttles as DataWorks", function()
      local body, reply = call_with { fault = "throttle_service" }
      assert.same({ 429, "Throttling.Api" }, { reply.status, body.Code })
    end)

    it("fails before or after acting", function()
      local body, reply = call_with { fault = "internal_error" }
      assert.same({ 500, "InternalError" }, { reply.status, body.Code })
      assert.same({ "internal_error", false, 500 }, outcome())
      emulator:reset()
      body, reply = call_with { fault = "unavailable", acts = true }
      assert.same({ 503, "ServiceUnavailable" }, { reply.status, body.Code })
      assert.same({ "unavailable", true, 503 }, outcome())
    end)

    it("answers HTML", function()
      local _, reply = call_with { fault = "html" }
      assert.same({ 502, "text/html" }, { reply.status, reply.headers["content-type"] })
      assert.matches("502 Bad Gateway", reply.body)
    end)

    it("resets the connection before or after acting", function()
      for _, acts in ipairs { false, true } do
        emulator:reset()
        local _, err = call_with { fault = "reset", acts = acts }
        assert.equal("CURLE_RECV_ERROR", err.code)
        assert.same({ "reset", acts, nil }, outcome())
      end
    end)

    it("sends less than its Content-Length", function()
      local _, err = call_with { fault = "truncate" }
      assert.equal("CURLE_PARTIAL_FILE", err.code)
      assert.same({ "truncate", true, 200 }, outcome())
    end)

    it("delays the head or the body", function()
      for _, fault in ipairs { "slow_head", "slow_body" } do
        assert.is_true(call_with({ fault = fault, seconds = 0.01 }).Success)
        local _, err = call_with({ fault = fault, seconds = 60 }, { timeout = 1 })
        assert.equal("CURLE_OPERATION_TIMEDOUT", err.code)
      end
    end)

    it("sends a body that is not JSON", function()
      local body, reply = call_with { fault = "garbage" }
      assert.same({ nil, 200 }, { body, reply.status })
      assert.equal("[]]", select(2, call_with { fault = "garbage", body = "[]]" }).body)
    end)

    it("sends a body over the limit of the client, plain or compressed", function()
      assert.equal(5000, #select(2, call_with { fault = "large", bytes = 5000 }).body)
      for _, fault in ipairs { "large", "gzip_bomb" } do
        local reply = call_with { fault = fault, bytes = 5000000 }
        assert.is_nil(reply)
      end
    end)

    it("reports a business failure under HTTP 200", function()
      assert.same({ Status = "fail", Message = "no" }, call_with({ fault = "fail", message = "no" }).Data)
      assert.is_false(call_with({ fault = "unsuccessful" }).Success)
    end)
  end)
end)

describe("an emulator process", function()
  local function wait_until_removed(directory)
    output_of(("i=0; while [ -e %s ] && [ $i -lt 500 ]; do sleep 0.02; i=$((i + 1)); done"):format(shell.quote(directory)))
    assert.is_false(exists(directory .. "/nginx.conf"))
  end

  it("listens on 127.0.0.1 in a private directory, and removes that directory", function()
    local one, two = nginx.start(), nginx.start()
    assert.not_equal(one.port, two.port)
    local config = files.read(one.directory .. "/nginx.conf")
    assert.is_truthy(config:find(("listen 127.0.0.1:%d;"):format(one.port), 1, true))
    assert.matches("^drwx%-%-%-%-%-%-", output_of("ls -ld " .. shell.quote(one.directory)))
    one:stop()
    two:stop()
    two:stop()
    assert.is_false(exists(one.directory .. "/nginx.conf"))
    assert.is_false(exists(two.directory .. "/nginx.conf"))
  end)

  it("serves TLS with its own certificate", function()
    local emulator = support.start { tls = true }
    finally(function() emulator:stop() end)
    assert.matches("^https://127%.0%.0%.1:%d+$", emulator.endpoint)
    assert.equal(200, wire.call(emulator, "ListDIProjectConfig", LIST).status)
    local ca_file = emulator.ca_file
    emulator.ca_file = nil
    local _, err = wire.call(emulator, "ListDIProjectConfig", LIST)
    emulator.ca_file = ca_file
    assert.equal("CURLE_PEER_FAILED_VERIFICATION", err.code)
    assert.matches('^HTTP/1.1 400 .*"Code":"MalformedRequest"', output_of(("env -u LD_PRELOAD curl -sS --max-time 30 --noproxy '*' -i %s/")
      :format((emulator.endpoint:gsub("https", "http")))))
  end)

  it("does not start on a port in use", function()
    local first = nginx.start()
    finally(function() first:stop() end)
    local second, message = nginx.start { port = first.port }
    assert.same({ nil, ("port %d is in use"):format(first.port) }, { second, message })
  end)

  local function start_elsewhere(environment, script)
    return output_of(("%s %s -e %s 2>&1"):format(environment, interpreter,
      shell.quote(script or 'print(select(2, require("dataworks.emulator.nginx").start()))')))
  end

  it("names the packages to install when nginx or its Lua module is missing", function()
    assert.equal("DATAWORKS_NGINX names /nowhere, which can't be run\n",
      start_elsewhere "DATAWORKS_NGINX=/nowhere")
    assert.matches("true has no Lua module.*apt%-get install nginx libnginx%-mod%-http%-lua",
      start_elsewhere "DATAWORKS_NGINX=true DATAWORKS_NGINX_MODULES=/nowhere")
  end)

  -- A program that acts as nginx in the tests of the starter, and then runs `script` when it should start.
  local function with_fake_nginx(script, test)
    local path, directory = os.tmpname(), output_of("mktemp -d"):gsub("\n", "")
    files.write(path, ("#!/bin/sh\ncase \" $* \" in *' -V '* | *' -t '*) exit ;; esac\n%s\n"):format(script))
    files.write(directory .. "/ngx_http_lua_module.so", "")
    os.execute("chmod +x " .. path)
    local output = start_elsewhere(("DATAWORKS_NGINX=%s DATAWORKS_NGINX_MODULES=%s"):format(path, directory), test or [[
      require("dataworks.emulator.nginx.config").COMMAND_SECONDS = 1
      print(select(2, require("dataworks.emulator.nginx").start()))]])
    os.execute(("rm -r %s %s"):format(path, directory))
    return output
  end

  it("does not wait for an nginx that hangs or that writes no process id", function()
    assert.equal("nginx did not start: exit status 124\n", with_fake_nginx "exec sleep 60")
    assert.matches("^nginx did not start: no process id after 5 seconds\n", with_fake_nginx "exit 0")
  end)

  it("tries one requested port once, and ten ports of its own choice, since each try on a used port takes seconds", function()
    local log = os.tmpname()
    finally(function() os.remove(log) end)
    for options, expected in pairs { ["{ port = 1 }"] = { 1, 1 }, ["{}"] = { 10, 10 } } do
      files.write(log, "")
      local message = with_fake_nginx(
        ("grep -o 'listen [^;]*' nginx.conf >>%s; echo 'bind() failed (98: Address already in use)'; exit 1"):format(log),
        ([[print(select(2, require("dataworks.emulator.nginx").start %s))]]):format(options))
      assert.matches("^no free port was found: exit status 1\nbind%(%) failed", message)
      local tries, ports = 0, {}
      for line in io.lines(log) do
        tries, ports[line] = tries + 1, true
      end
      assert.equal(expected[1], tries)
      local distinct = 0
      for _ in pairs(ports) do distinct = distinct + 1 end
      assert.is_true(distinct <= expected[2] and distinct >= expected[2] - 2)
    end
  end)

  it("repeats the signal that stops nginx, because nginx loses signals while it starts", function()
    local log = os.tmpname()
    finally(function() os.remove(log) end)
    with_fake_nginx(([[
      setsid sh -c 'count=0
        trap "count=\$((count + 1)); echo \$count >%s; [ \$count = 1 ] || { rm nginx.pid; exit; }" TERM
        echo $$ >nginx.pid
        while :; do sleep 0.05; done' >/dev/null 2>&1 &]]):format(log), 'assert(require("dataworks.emulator.nginx").start()):stop()')
    assert.equal("2\n", files.read(log))
  end)

  it("works in a directory whose name has spaces and quotes", function()
    local odd = os.tmpname()
    os.remove(odd)
    odd = odd .. " it's \"odd\" $HOME"
    os.execute("mkdir " .. shell.quote(odd))
    finally(function() os.execute("rm -rf " .. shell.quote(odd)) end)
    local output = start_elsewhere("TMPDIR=" .. shell.quote(odd), [[
      local started = assert(require("dataworks.emulator.nginx").start { tls = true })
      print(started.directory)
      started:stop()
    ]])
    assert.equal(odd .. "/dataworks-emulator.", output:sub(1, #odd + 20))
    assert.is_false(exists(output:gsub("\n$", "") .. "/nginx.conf"))
  end)

  -- The child of the killed process also holds the pipe of the guard, so the guard still runs when this pipe ends.
  it("keeps no pipe of the process that started it open", function()
    local output = start_elsewhere("", [[
      local started = assert(require("dataworks.emulator.nginx").start())
      os.execute("sleep 60 >/dev/null 2>&1 & echo $!")
      print(started.directory)
      io.stdout:flush()
      os.execute("kill -KILL $PPID")
    ]])
    local sleeper, directory = output:match "^(%d+)\n(/[^\n]+)"
    assert.is_true(exists(directory .. "/nginx.pid"))
    os.execute("kill " .. sleeper)
    wait_until_removed(directory)
  end)

  it("ends when the process that started it is killed", function()
    local output = start_elsewhere("", [[
      local started = assert(require("dataworks.emulator.nginx").start())
      print(started.directory)
      io.stdout:flush()
      os.execute("kill -KILL $PPID")
    ]])
    wait_until_removed(output:match "^(/[^\n]+)")
  end)
end)
