-- A runner of the chaos run of a fleet. Applies the manifest until each task is done. Appends the time of each request to a
-- file, by the clock of the machine.

local core = require "dataworks.core"
local dataworks = require "dataworks"

local ledger = os.getenv "CHAOS_LEDGER"

local CONCURRENCY, LEASE = 8, 1

local requests = assert(io.open(os.getenv "CHAOS_REQUESTS", "a"))
requests:setvbuf "no"

local client = dataworks.new {
  endpoint = os.getenv "CHAOS_ENDPOINT", timeout = 8, connect_timeout = 2, access_key_id = os.getenv "ALIBABA_CLOUD_ACCESS_KEY_ID",
  access_key_secret = os.getenv "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
  limit = { qps = tonumber(os.getenv "CHAOS_QPS"), burst = tonumber(os.getenv "CHAOS_BURST"), ledger = ledger },
  on_event = function(event)
    if event.type == "request" then requests:write(("%.6f\n"):format(core.clock())) end
  end,
}
repeat
  local result, err = dataworks.fleet.apply {
    manifest = os.getenv "CHAOS_MANIFEST", ledger = ledger, client = client, lease = LEASE, concurrency = CONCURRENCY, label = _VERSION,
  }
  if not result then
    io.stderr:write(tostring(err), "\n")
    os.exit(err.kind == "ledger" and 2 or 1)
  end
  for _, row in ipairs(result.failed) do io.stderr:write(row.name, ": ", row.error, "\n") end
until #result.failed == 0 and result.left == 0
