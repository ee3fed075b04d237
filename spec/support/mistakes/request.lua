local dataworks = require "dataworks"
local client = dataworks.new()
local request = assert(client:request("ListDIProjectConfig", { ProjectId = 10000, DestinationType = "odps" }))
print(request.url)
