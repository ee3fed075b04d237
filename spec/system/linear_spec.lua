-- Text from outside takes linear time, whatever it is, and a long text from the service does not hold up other tasks.

local core = require "dataworks.core"
local dataworks = require "dataworks"
local linear = require "spec.support.linear"
local readers = require("spec.support.linear_readers").readers
local shell = require "spec.support.shell"

-- In a process of its own, where nothing collects the texts. A line for each reader: what it is, a tab, its fault.
local CHECK = [[%s -e 'require("spec.support.linear_readers").check_all(function(what, fault)
  print(what .. "\t" .. (fault or "linear"))
end)']]

describe("linear time #install", function()
  local found

  lazy_setup(function()
    found = {}
    local output = shell.output(CHECK:format(shell.interpreter))
    for what, fault in output:gmatch "([^\n\t]+)\t([^\n]+)" do found[what] = fault end
  end)

  for _, reader in ipairs(readers) do
    it("suffices for " .. reader.what, function() assert.equal("linear", found[reader.what]) end)
  end
end)

describe("the measurement of time #install", function()
  it("lets pass linear time", function()
    assert.is_nil(linear.find_fault_of(function(text) return text:find "^%s*x" end, " "))
  end)

  for what, fn in pairs {
    ["two repeated classes that share a run"] = function(text) return ("x" .. text .. "x"):match "^%s*(.-)%s*$" end,
    ["a pattern without ^ that is tried at each byte"] = function(text) return (text .. "x"):gsub("%s*%.?%s*$", "") end,
    ["a text that is copied for each piece"] = function(text)
      local all = ""
      for piece in text:gmatch "." do all = all .. piece end
    end,
    ["a list whose first item is removed"] = function(text)
      local list = {}
      for piece in text:gmatch "." do list[#list + 1] = piece end
      while list[1] do table.remove(list, 1) end
    end,
  } do
    -- Copying is so fast that only the largest size shows it.
    local needs_full_size = what:find("^a text") or what:find("^a list")
    if linear.IS_FULL or not needs_full_size then
      it("finds " .. what, function()
        assert.matches("^%d+ of \" \" take", linear.find_fault_of(fn, " ") or "nothing")
      end)
    end
  end
end)

describe("a message of 10 MB #install", function()
  local MESSAGE = ("a%2B "):rep(2000000)
  local body = assert(core.encode { Code = "X", Message = MESSAGE, RequestId = MESSAGE })

  --- The longest time of the processor in which another task did not run while a call got this reply. A busy machine takes the
  --- processor away, so the time of a clock would differ.
  local function longest_stop(reply)
    local client = dataworks.new {
      region = "cn-shanghai", access_key_id = "id", access_key_secret = "a%secret+1", security_token = "a%token/1==",
      proxy = "http://user:a%2Bpassword@127.0.0.1:1", retries = 0, transport = {
        send = function() return reply end, sleep = function() end, close = function() end,
      },
    }
    local longest, is_done = 0, false
    dataworks.run(function()
      local ticker = dataworks.spawn(function()
        local before = os.clock()
        while not is_done do
          dataworks.sleep(0.001)
          longest, before = math.max(longest, os.clock() - before), os.clock()
        end
      end)
      for _ = 1, 3 do
        dataworks.sleep(0.005)
        local _, err = client:GetFile { ProjectId = 1, FileId = 1 }
        assert.is_true(#err.message < 2100)
        assert.is_true(#tostring(err) < 10000)
      end
      is_done = true
      ticker:join()
    end)
    return longest
  end

  --- Reading the JSON takes its time, too.
  local function time_to_decode()
    local started = os.clock()
    core.decode_reply(body)
    return os.clock() - started
  end

  for what, status in pairs { ["a refusal"] = 400, ["a failed task"] = 200 } do
    it("of " .. what .. " lets the other tasks of a loop go on", function()
      local text = status == 200 and '{"Success":false,' .. body:sub(2) or body
      local least = longest_stop { status = status, headers = {}, body = text }
      assert.is_true(least < 0.25 + 4 * time_to_decode(), least)
    end)
  end

  it("that is no JSON lets them go on, too", function()
    local stop = longest_stop { status = 502, headers = { ["x-acs-request-id"] = MESSAGE }, body = MESSAGE }
    assert.is_true(stop < 0.25 + 4 * time_to_decode(), stop)
  end)
end)
