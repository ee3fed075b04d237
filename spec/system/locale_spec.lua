local native = require "spec.support.native"
local shell = require "spec.support.shell"

-- A host program may set a locale after it has loaded the library.
describe("a locale with a decimal comma", function()
  local folder

  setup(function()
    folder = shell.output "mktemp -d"
    shell.output(("localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8"):format(folder))
  end)
  teardown(function() shell.output("rm -rf " .. folder) end)

  local function run(code)
    return native.run([[
      local dataworks = require "dataworks"
      dataworks.decode "[1]"
      local set = os.setlocale "de_DE.UTF-8"
      if not set then print "no locale" end
    ]] .. code, { LOCPATH = folder, LC_ALL = "" })
  end

  it("changes no number of a request", function()
    assert.equal('[1.5,1e-07,12]\n1.5\n', run [[
      print(dataworks.encode { 1.5, 1e-7, 12.0 })
      local client = dataworks.new { region = "cn-shanghai", access_key_id = "id", access_key_secret = "secret" }
      local _, err = client:request("ListFiles", { ProjectId = 1.5 })
      print((err.message:match "got (.*)$"))]])
  end)

  it("changes no number that is read", function()
    assert.equal("10 1 2 true\n2 true\n", run [[
      local decode = require("dataworks.core").decode_reply
      local value = decode '{"Size":10,"List":[1,2],"Part":1.5}'
      print(("%d %d %d %s"):format(value.Size, value.List[1], value.List[2], tostring(value.Part == 3 / 2)))
      os.setlocale "C"
      value = decode "[2,1.5]"
      print(("%d %s"):format(value[1], tostring(value[2] == 3 / 2)))]])
  end)

  it("changes no number of a message", function()
    assert.equal("dataworks.Limit (2.5 calls a second)\n0.3 s\nis of version 7.5, and\n", run [[
      print(dataworks.limit { qps = 2.5 })
      local text = require "dataworks.core".decimal(0.26, 1)
      print(text .. " s")
      local _, message = require("dataworks.tasks.state").open { version = 7.5, digest = "", flow = "" }
      print(message:match "^.-, and")]])
  end)
end)
