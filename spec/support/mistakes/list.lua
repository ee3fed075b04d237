local dataworks = require "dataworks"
local client = dataworks.new()
local reply = assert(client:ListDIProjectConfig { ProjectId = 10000, DestinationType = "odps" })
print(reply.Data.Config)
