-- What the author of a script writes to make one call without an SDK: lua-cjson encodes the script, luaossl signs, and
-- an HTTP library of the script's choice sends. It does what the service needs, and nothing more: it checks nothing and
-- retries nothing.

local cjson = require "cjson"
local digest = require "openssl.digest"
local hmac = require "openssl.hmac"
local rand = require "openssl.rand"

local M = {}

local ID, SECRET = "LTAI5tExampleExampleExam", "a-secret-of-thirty-characters-"

local HEX = ("%02x"):rep(32)

local function hex(bytes)
  return (HEX:sub(1, #bytes * 4)):format(bytes:byte(1, -1))
end

local escapes = {}
for code = 0, 255 do escapes[string.char(code)] = ("%%%02X"):format(code) end

local function escape(text)
  return (tostring(text):gsub("[^%w%-_.~]", escapes))
end

--- The parameters of a call of the documented script, with the script as a table.
function M.params()
  return {
    ProjectId = 10000, TaskType = "DI_REALTIME",
    TaskParam = {
      type = "realtime", version = "1.0",
      setting = {
        resourceGroup = "S_res_group_280749521950784_1623033752022", taskType = "oneclick_to_odps",
      },
      steps = {
        {
          stepType = "mysql", name = "Reader", category = "reader",
          parameter = { connection = { {
            datasourceType = "mysql", datasource = "mysql_pub1",
            selectedTables = { {
              dbName = "mysql_db", schema = { { tableInfos = { { table = "molin_di_test_in_pk_v4" } } } },
            } },
          } } },
        },
        { stepType = "odps", name = "Writer", category = "writer", parameter = { datasource = "odps_source" } },
      },
    },
  }
end

--- Returns the target and the headers of a signed POST request with an empty body.
---@param params table
---@param host string
---@return string target
---@return table<string, string> headers
function M.sign(params, host)
  local pairs_of_query = {}
  for name, value in pairs(params) do
    pairs_of_query[#pairs_of_query + 1] = name .. "=" .. escape(type(value) == "table" and cjson.encode(value) or value)
  end
  table.sort(pairs_of_query)
  local query = table.concat(pairs_of_query, "&")
  local headers = {
    host = host, ["x-acs-action"] = "GenerateDISyncTaskConfigForCreating", ["x-acs-version"] = "2020-05-18",
    ["x-acs-date"] = os.date "!%Y-%m-%dT%H:%M:%SZ", ["x-acs-signature-nonce"] = hex(rand.bytes(16)),
    ["x-acs-content-sha256"] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  }
  local names, lines = {}, {}
  for name in pairs(headers) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do lines[i] = name .. ":" .. headers[name] .. "\n" end
  local signed = table.concat(names, ";")
  local canonical = ("POST\n/\n%s\n%s\n%s\n%s"):format(query, table.concat(lines), signed,
    headers["x-acs-content-sha256"])
  local to_sign = "ACS3-HMAC-SHA256\n" .. hex(digest.new "sha256":final(canonical))
  headers.authorization = ("ACS3-HMAC-SHA256 Credential=%s,SignedHeaders=%s,Signature=%s"):format(ID, signed,
    hex(hmac.new(SECRET, "sha256"):final(to_sign)))
  return "/?" .. query, headers
end

return M
