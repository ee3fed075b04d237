-- The command `whoami`. It shows with which credentials and where the client calls, and whether the service answers.

local chain = require "dataworks.credentials.chain"
local core = require "dataworks.core"
local dataworks = require "dataworks"
local exit_status = require "dataworks.cli.exit_status"
local failure = require "dataworks.cli.failure"
local source = require "dataworks.credentials.source"
local trace = require "dataworks.cli.trace"

local M = {}

M.description = "Shows which credentials the client uses and from where, the endpoint, the difference of the clocks, "
  .. "whether the service answers and how fast, and what each step of the credential chain had. No secret is shown."
M.format = "table"
M.examples = "  dataworks whoami\n  dataworks --profile production whoami -o json"

local PROBE, PROBE_PARAMS = "ListResourceGroups", {}

-- An AccessKey id shows at most so many characters at each end.
local SHOWN = 4

local function redact(id)
  return #id > 3 * SHOWN and id:sub(1, SHOWN) .. "..." .. id:sub(-SHOWN) or id:sub(1, SHOWN) .. "..."
end

--- Asks the steps of the chain in their order. The steps after the first one with credentials are not asked.
local function ask_chain(context)
  local steps, found = {}, nil
  for _, name in ipairs(context.args.profile and chain.PROFILE_ORDER or chain.ORDER) do
    local step = { Step = name, Result = "not asked" }
    if not found then
      -- Nothing is sent there. Without an endpoint, a missing region would be the only message of each step.
      local client = dataworks.new(context:client_options { credentials = name, endpoint = "localhost" })
      local request, err = client:request(PROBE, PROBE_PARAMS)
      client:close()
      found = request and name
      step.Result = request and "has credentials" or err.message
    end
    steps[#steps + 1] = step
  end
  return steps, found
end

--- Calls the service. Returns what the reply says.
local function probe(context)
  local seen, client = {}, context:client()
  trace.watch(client, function(request)
    local authorization = request.headers.authorization or ""
    seen.AccessKeyId = authorization:match "Credential=([^,]+)" or "none"
    seen.Temporary = request.headers["x-acs-security-token"] ~= nil
    seen.started = core.clock()
  end, function(reply)
    local date = reply and core.parse_date(reply.headers and reply.headers.date)
    seen.Milliseconds = math.floor((core.clock() - seen.started) * 1000 + 0.5)
    seen.ClockSkewSeconds = date and math.floor(date - core.time() + 1)
  end)
  local reply, err = client:call(PROBE, PROBE_PARAMS)
  return seen, reply, err
end

function M.run(args, context)
  local seen, reply, err = probe(context)
  local steps, found = ask_chain(context)
  local result = {
    Profile = args.profile or os.getenv "ALIBABA_CLOUD_PROFILE",
    Region = args.region or source.region(context:client_options(), os.getenv),
    Endpoint = context:client()._caller.endpoint or "none",
    Credentials = found or "none", AccessKeyId = seen.AccessKeyId and redact(seen.AccessKeyId),
    Temporary = seen.Temporary, ClockSkewSeconds = seen.ClockSkewSeconds, Milliseconds = seen.Milliseconds,
    Service = reply and "answers" or failure.lines(err)[1],
    RequestId = reply and reply.RequestId or err and err.request_id,
    Chain = dataworks.list(steps),
  }
  if context.output.format == "table" then
    result.Chain = nil
    context.output:object(result)
    context.output:write "\n"
    context.output:list(steps, { "Step", "Result" })
  else
    context.output:object(result)
  end
  if err then
    context:fail(err)
  end
  return exit_status.DONE
end

return M
