-- A runner of a fleet as a process of its own. Arguments: the endpoint, the keys, the path of the manifest, the ledger,
-- and the lease. Prints the result.

local dataworks = require "dataworks"

local endpoint, id, secret, manifest, ledger, lease = (table.unpack or unpack)(arg)

local client = dataworks.new {
  region = "cn-shanghai", endpoint = endpoint, access_key_id = id, access_key_secret = secret, retries = 6,
}
local result, err = dataworks.fleet.apply {
  manifest = manifest, ledger = ledger, client = client, lease = tonumber(lease), concurrency = 8,
}
if not result then
  print(err)
  os.exit(1)
end
for _, row in ipairs(result.failed) do
  print(row.name, row.error)
end
os.exit(#result.failed == 0 and 0 or 1)
