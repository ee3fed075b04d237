-- Handles a request in a worker of nginx. The path of the request names one of the functions below, which uses a rate
-- limit. The reply is the result of the function.

local bucket = require "dataworks.limit.bucket"
local cjson = require "cjson"
local errors = require "dataworks.error"
local limits = require "dataworks.limit.limit"
local shared = require "dataworks.limit.shared"

local ngx = ngx -- luacheck: ignore 113

local function now()
  ngx.update_time()
  return ngx.now()
end

local CALLER = {
  clock = now, random = math.random, events = { emit = function() end }, closed = false,
  sleep = function(_, seconds) ngx.sleep(seconds) end,
}

local THROTTLED = { kind = "service", code = "Throttling.User", status = 400, retryable = true }

--- The functions by path. Each takes the limit and the arguments of the request.
local operations = {}

--- Waits in the queue of the limit, as a call does.
function operations.call(limit, args)
  local call = { deadline = now() + tonumber(args.timeout or 60) }
  local admission, err = limit:enqueue(CALLER, call)
  local place, waited = admission and admission.token, admission and admission.wait > 0
  while admission and admission.wait > 0 do
    call.admission, call.slept_until = admission, now() + admission.wait
    ngx.sleep(admission.wait)
    admission, err = limit:enqueue(CALLER, call)
  end
  return { at = now(), place = place, gone = admission ~= nil, error = err, waited = waited, pace = admission and admission.pace }
end

--- Passes a reply to the limit that says that the service throttles the caller.
function operations.throttled(limit, args)
  local err = errors.new(THROTTLED)
  err.retry_after = tonumber(args.seconds)
  limit:on_response(CALLER, { admission = { sent_at = now(), pace = tonumber(args.pace) } }, err)
  return {}
end

--- Adds one to a counter in the shared state, many times.
function operations.count(_, args)
  local store = shared.new("limits", args.key)
  local left = tonumber(args.times)
  while left > 0 do
    local state = store:lock_and_load()
    if state then
      state.count = (state.count or 0) + 1
      store:save_and_unlock(state)
      left = left - 1
    else
      ngx.sleep(0.001)
    end
  end
  return {}
end

--- Takes a token from the shared state, or puts one back.
function operations.take(_, args)
  local store = shared.new("limits", args.key)
  local state = assert(store:lock_and_load())
  local token = args.back and tonumber(args.back) or bucket.take(state, 0, 1)
  if args.back then bucket.give_back(state, token) end
  store:save_and_unlock(state)
  return { token = token }
end

--- Returns the shared state. With the argument keep=1, leaves the state locked.
function operations.state(_, args)
  local store = shared.new(args.dict or "limits", args.key)
  local state = store:lock_and_load()
  if args.keep ~= "1" then store:save_and_unlock(state) end
  return { state = state }
end

--- Empties the shared dict `small`.
function operations.clear()
  ngx.shared.small:flush_all()
  ngx.shared.small:flush_expired()
  return {}
end

--- Fills the shared dict `small`. With the argument `except`, leaves room for an entry with this key.
function operations.fill(_, args)
  local small, i = ngx.shared.small, 0
  if args.except then assert(small:safe_add(args.except, true)) end
  for size = 200, 0, -4 do
    repeat i = i + 1 until not small:safe_add("junk" .. i, ("x"):rep(size))
  end
  if args.except then small:delete(args.except) end
  return {}
end

return function()
  local args = ngx.req.get_uri_args()
  local given = { qps = tonumber(args.qps), adaptive = args.adaptive == "1", dict = args.dict or "limits", key = args.key }
  local mistake = limits.find_mistake(given)
  local answer = mistake and { wrong = mistake } or operations[ngx.var.uri:sub(2)](limits.new(given), args)
  answer.worker = ngx.worker.pid()
  ngx.say(cjson.encode(answer))
end
