-- The emulator inside nginx: one state, the API at /, and the settings under /_emulator/.

local catalog = require "dataworks.api.catalog"
local delivery = require "dataworks.emulator.delivery"
local digest = require "dataworks.emulator.digest"
local faults = require "dataworks.emulator.faults"
local gateway = require "dataworks.emulator.gateway"
local issuer = require "dataworks.emulator.issuer"
local journal = require "dataworks.emulator.journal"
local json = require "dataworks.emulator.json"
local metadata = require "dataworks.emulator.metadata"
local service = require "dataworks.emulator.service.service"
local settings = require "dataworks.emulator.settings"
local sts = require "dataworks.emulator.sts"

local M = {}

local state

local function now()
  return ngx.now() + state.settings.clock_offset
end

local function served_actions()
  local served = {}
  for version, names in pairs(service.actions) do
    served[version] = {}
    for name in pairs(names) do
      served[version][name] = catalog.find(name, version)
    end
  end
  served[sts.VERSION] = sts.rows
  return served
end

local function hex(raw)
  return (raw:gsub(".", function(char)
    return ("%02x"):format(char:byte())
  end))
end

local function reset()
  state = { settings = settings.defaults(), faults = faults.new(), journal = journal.new() }
  state.gateway = gateway.new({
    crypto = digest,
    now = now,
    actions = served_actions(),
    credentials = state.settings.credentials,
  })
  state.service = service.new({ settings = state.settings, now = now })
  local issues = issuer.new({
    settings = state.settings, now = now, random = digest.random,
    accept = function(entry) state.gateway:add_credentials(entry) end,
  })
  state.sts = sts.new({ settings = state.settings, issuer = issues })
  state.metadata = metadata.new({
    settings = state.settings, issuer = issues, now = now, token = function() return hex(digest.random(20)) end,
  })
end

local function uuid()
  local text = hex(digest.random(16)):upper()
  return (text:gsub("^(%x%x%x%x%x%x%x%x)(%x%x%x%x).(%x%x%x).(%x%x%x)", "%1-%2-4%3-A%4-"))
end

local function read_body()
  ngx.req.read_body()
  local body, path = ngx.req.get_body_data(), ngx.req.get_body_file()
  if not body and path then
    local file = assert(io.open(path, "rb"))
    body = file:read("*a")
    file:close()
  end
  return body or ""
end

local function read_request()
  local headers = {}
  for name, value in pairs(ngx.req.get_headers(0)) do
    headers[name:lower()] = type(value) == "table" and table.concat(value, ",") or value
  end
  local path, query = ngx.var.request_uri:match("^([^?]*)%??(.*)$")
  return { method = ngx.req.get_method(), path = path, query = query, headers = headers, body = read_body() }
end

--- What a fault says instead of the service.
local function faulty_result(fault)
  if fault.error then
    return { refusal = fault, outcome = "fault" }
  end
  local message = fault.message or "The request was not done."
  if fault.fault == "unsuccessful" then
    return { data = json.object("Message", message), unsuccessful = true, outcome = "fault" }
  end
  return { data = json.object("Status", "fail", "Message", message), outcome = "fault" }
end

local function perform(call, row)
  if row.version == sts.VERSION then
    return state.sts:call(call.action, call.params)
  end
  return state.service:call(call.action, call.params, row, call.access_key_id)
end

local function decide(call, row)
  local fault = state.faults:take(call.action)
  if not fault then
    return perform(call, row)
  elseif not fault.acts then
    return faulty_result(fault), fault
  end
  local done = perform(call, row)
  if fault.error or fault.fault == "fail" or fault.fault == "unsuccessful" then
    local said = faulty_result(fault)
    said.outcome = done.outcome
    return said, fault
  end
  return done, fault
end

--- The status that goes out; none when the connection is reset.
local function sent_status(result, fault)
  if fault and fault.fault == "reset" then
    return nil
  elseif fault and fault.fault == "html" then
    return fault.status or 502
  end
  return result.refusal and result.refusal.status or 200
end

local function note(request, call, result, fault, request_id)
  local refusal = result.refusal
  state.journal:add({
    action = call.action,
    version = call.version,
    params = call.params,
    outcome = result.outcome,
    acted = result.outcome == "acted",
    detail = result.detail,
    status = sent_status(result, fault),
    code = refusal and refusal.code,
    fault = fault and fault.fault,
    token = call.params.ClientToken,
    access_key_id = call.access_key_id,
    algorithm = call.algorithm,
    nonce = call.nonce,
    method = request.method,
    query_bytes = #request.query,
    body_bytes = #request.body,
    user_agent = request.headers["user-agent"],
    request_id = request_id,
    time = now(),
  })
end

--- Answers one API call.
function M.api()
  local request = read_request()
  local call, refusal = state.gateway:check(request)
  local result, fault
  if refusal then
    result = { refusal = refusal, outcome = "refused" }
  else
    result, fault = decide(call, request.row)
  end
  local reply = { status = 200, request_id = uuid(), trace_id = hex(digest.random(16)), time = now() }
  note(request, call, result, fault, reply.request_id)
  if result.refusal then
    reply.status = result.refusal.status
    reply.retry_after = result.refusal.retry_after
    reply.body = gateway.error_body(result.refusal, reply.request_id, request.headers.host or "")
  elseif result.members then
    reply.body = json.encode(json.object("RequestId", reply.request_id, unpack(result.members)))
  else
    reply.body = service.body(reply.request_id, result)
  end
  return delivery.send_with(reply, fault)
end

--- Answers one request to the metadata service, or to the credentials URI.
function M.metadata()
  local request = read_request()
  local action = metadata.action(request)
  local fault = state.faults:take(action)
  local reply = { request_id = uuid(), trace_id = hex(digest.random(16)), content_type = "text/plain", time = now() }
  reply.status, reply.body = state.metadata:answer(request)
  if fault and fault.error then
    reply.status, reply.body = fault.status, fault.message
  end
  state.journal:add({
    action = action, method = request.method, status = reply.status, fault = fault and fault.fault,
    token = request.headers["x-aliyun-ecs-metadata-token"], user_agent = request.headers["user-agent"], time = now(),
  })
  return delivery.send_with(reply, fault)
end

local function change_settings(changes)
  local ok, message = settings.apply(state.settings, changes)
  if not ok then
    return nil, message
  end
  if changes.credentials then
    state.gateway:set_credentials(state.settings.credentials)
  end
  if changes.first_id then
    state.service.following_id = state.settings.first_id
  end
  return state.settings
end

local CONTROLS = {
  ["GET /_emulator/settings"] = function()
    return state.settings
  end,
  ["POST /_emulator/settings"] = change_settings,
  ["POST /_emulator/faults"] = function(spec)
    local ok, message = state.faults:add(spec)
    return ok and {}, message
  end,
  ["GET /_emulator/journal"] = function()
    return json.list(state.journal:list(ngx.var.arg_action))
  end,
  ["POST /_emulator/reset"] = function()
    reset()
    return state.settings
  end,
}

local function control_reply(control)
  local body = read_body()
  local input, wrong = json.decode(body == "" and "{}" or body)
  if not control then
    return 404, { message = "there is no such setting" }
  elseif wrong or not json.is_object(input) then
    return 400, { message = "the body must be a JSON object" }
  end
  local answer, message = control(input)
  if message then
    return 400, { message = message }
  end
  return 200, answer
end

--- Answers one request for settings, faults or the journal.
function M.control()
  local status, answer = control_reply(CONTROLS[ngx.req.get_method() .. " " .. ngx.var.uri])
  delivery.send({ status = status, body = json.encode(answer) })
end

--- Begins with the defaults.
function M.start()
  reset()
end

return M
