-- The calls of the library, beside those of the peers.

local dataworks = require "dataworks"

require "bench.peers.calls"(function(host, port)
  local client = dataworks.new {
    endpoint = ("http://%s:%d"):format(host, port), access_key_id = "LTAI5tExampleExampleExam",
    access_key_secret = "a-secret-of-thirty-characters-",
  }
  local params = { ProjectId = 10000, TaskType = "DI_REALTIME", TaskParam = require "bench.script" }
  return function() assert(client:generate(params)) end
end)
