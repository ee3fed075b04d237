local cjson = require "cjson"
local command = require "spec.support.command"
local files = require "spec.support.files"
local support = require "spec.support.emulator"

describe("dataworks call", function()
  local emulator

  setup(function() emulator = support.start() end)
  teardown(function() emulator:stop() end)
  before_each(function() emulator:reset() end)

  local function run(arguments, options)
    options = options or {}
    local env = command.variables(emulator)
    for name, value in pairs(options.env or {}) do env[name] = value end
    return command.run("call " .. arguments, { env = env, input = options.input, terminal = options.terminal })
  end

  local function create(name)
    local content = "TaskContent=@spec/scripts/task_content_offline.json"
    local result = run(("CreateDISyncTask ProjectId=10000 TaskType=DI_OFFLINE TaskName=%s %s"):format(name, content))
    assert.same({ "", 0 }, { result.err, result.status })
    return cjson.decode(result.out).Data.FileId
  end

  it("advises options of the command, not of the library", function()
    local missing = command.run("call ListFiles ProjectId=1", { env = { ALIBABA_CLOUD_ECS_METADATA_DISABLED = "true" } })
    assert.equal("Give --region cn-shanghai, or set ALIBABA_CLOUD_REGION_ID.", missing.err:match "\n([^\n]*)\n$")
    missing = command.run("call ListFiles ProjectId=1", {
      env = { ALIBABA_CLOUD_ENDPOINT = emulator.endpoint, ALIBABA_CLOUD_ECS_METADATA_DISABLED = "true" },
    })
    assert.equal("Set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or choose a profile with --profile.",
      missing.err:match "\n([^\n]*)\n$")
  end)

  it("prints the reply as one JSON document", function()
    create "first"
    local result = run "ListFiles ProjectId=10000"
    assert.same({ "", 0 }, { result.err, result.status })
    assert.matches('^{\n  "Data": {\n    "Files": %[\n      {\n', result.out)
    assert.equal("first", cjson.decode(result.out).Data.Files[1].FileName)
  end)

  it("takes parameters as texts, as JSON, from files and from -d", function()
    local path = os.tmpname()
    files.write(path, '{"ProjectId": 10000, "TaskType": "DI_OFFLINE", "TaskName": "from -d"}')
    local result = run(("CreateDISyncTask -d @%s TaskName:='\"from JSON\"' TaskContent=@spec/scripts/task_content_offline.json")
      :format(path))
    assert.same({ "", 0 }, { result.err, result.status })
    assert.equal("from JSON", cjson.decode(run("ListFiles -d -", { input = '{"ProjectId":10000}' }).out).Data.Files[1].FileName)
    os.remove(path)
  end)

  for arguments, message in pairs {
    ["ListFile ProjectId=1"] = "there is no action ListFile; did you mean ListFiles?",
    ["ListFiles ProjectId"] = "ProjectId: write Name=value, Name:=JSON or Name=@FILE",
    ["ListFiles ProjectId=1 PageSize=5 ProjectId:=2"] = "ProjectId: is given twice",
    ["ListFiles ProjectId:={"] = "ProjectId:1:2: the text is not JSON: expected a key in quotes",
    ["ListFiles -d @no-such-file"] = "-d: no-such-file: No such file or directory",
    ["ListFiles -d '{\"ProjectId\":1,\"ProjectId\":2}'"] = '-d:1:16: the text has the key "ProjectId" twice',
    ["UpdateFile ProjectId:='{\"a\":1,\"a\":2}'"] = 'ProjectId:1:8: the text has the key "a" twice',
    ["ListFiles ProjectId:=99999999999999999999999"] =
      "ListFiles: ProjectId: expected a whole number of 64 bits, such as 10000, got the number 99999999999999999999999",
    ["ListFiles -d '[]'"] = "-d: the JSON text must be an object of parameters",
    ["ListFiles ProjctId=1"] = "ListFiles: ProjctId: is not a parameter of this action; did you mean ProjectId?",
    ["GetDISyncTask --api-version 2024-05-18"] = "there is no action GetDISyncTask of version 2024-05-18; it is an action of version 2020-05-18",
    ["ListFiles ProjectId=1 --all -o table"] = "--all prints one item a line; its only format is jsonl",
    ["GetFile ProjectId=1 FileId=1 --all"] = "the reply of GetFile has no list, so --all does not apply",
  } do
    it(("answers `%s` with a message and status 2"):format(arguments), function()
      local result = run(arguments)
      assert.same({ "dataworks call: " .. message, "", 2 }, { result.err:match "^[^\n]*", result.out, result.status })
    end)
  end

  it("checks the form of a region, and doubts a misspelt one, even if an endpoint is set", function()
    for _, more in ipairs { "", " --endpoint " .. emulator.endpoint } do
      local refused = run("ListFiles ProjectId=10000 --region Shanghai" .. more)
      assert.same({ 2, 'dataworks call: --region: expected a name such as cn-shanghai, got "Shanghai"' },
        { refused.status, refused.err:match "^[^\n]*" })
      local doubted = run("ListFiles ProjectId=10000 --region cn-shangai" .. more)
      assert.same({ 0, "--region: no region cn-shangai is known; did you mean cn-shanghai?\n" }, { doubted.status, doubted.err })
    end
    for _, words in ipairs { "cn-shanghai", "xx-elsewhere", "cn-shangai -q" } do
      assert.same({ 0, "" }, { run("ListFiles ProjectId=10000 --region " .. words).status, run("ListFiles ProjectId=10000 --region " .. words).err })
    end
  end)

  it("exits with 1 when the service refuses, and prints the request id on a line of its own", function()
    local result = run "GetDISyncTask ProjectId=10000 FileId=9 TaskType=DI_REALTIME"
    assert.same({ "", 1 }, { result.out, result.status })
    assert.matches("^dataworks call: GetDISyncTask: fileId:%[9%] is invalid [^\n]*\nrequest id: %x+[%x-]+\n$", result.err)
  end)

  it("exits with 4 when credentials are missing or refused", function()
    local none = run("ListFiles ProjectId=10000", { env = { ALIBABA_CLOUD_ACCESS_KEY_ID = "", ALIBABA_CLOUD_ACCESS_KEY_SECRET = "",
      ALIBABA_CLOUD_ECS_METADATA_DISABLED = "true" } })
    assert.equal(4, none.status, none.err)
    assert.equal(4, run("ListFiles ProjectId=10000", { env = { ALIBABA_CLOUD_ACCESS_KEY_SECRET = "wrong" } }).status)
  end)

  it("exits with 5 when the service cannot be reached", function()
    local result = run("ListFiles ProjectId=10000", { env = { ALIBABA_CLOUD_ENDPOINT = "http://127.0.0.1:9" } })
    assert.equal(5, result.status, result.err)
  end)

  it("prints the items of all pages, one a line, with --all", function()
    for _, name in ipairs { "a", "b", "c" } do create(name) end
    local result, names = run "ListFiles ProjectId=10000 PageSize=2 --all", {}
    for item in result.out:gmatch "[^\n]+" do names[#names + 1] = cjson.decode(item).FileName end
    table.sort(names)
    assert.same({ "a", "b", "c" }, names)
  end)

  it("says how to go on when a page fails", function()
    local printed, failed = {}, nil
    local page = { Data = { Files = { { FileId = 1 }, { FileId = 2 } } } }
    local client = {
      each = function()
        local count = 0
        return function()
          count = count + 1
          return count, count < 3 and page or nil, count == 3 and { kind = "transport" } or nil
        end
      end,
    }
    local context = {
      args = {}, client = function() return client end, progress = { count = function() end },
      output = { json = function(_, item) printed[#printed + 1] = item.FileId end },
      fail = function(_, err, place)
        failed = { err.kind, place }
        error "stopped"
      end,
    }
    local row = require("dataworks.api.catalog").find "ListFiles"
    assert.is_false(pcall(require("dataworks.cli.pages").print, row, { PageNumber = "3" }, context))
    assert.same({ { 1, 2, 1, 2 }, { "transport", "all items of 2 pages were printed; go on with --all PageNumber=5" } },
      { printed, failed })
  end)

  it("prints a skeleton of the parameters, the required ones first, which -d accepts", function()
    local result = run "DeleteDISyncTask --skeleton"
    assert.equal('{\n  "ProjectId": 0,\n  "FileId": 0,\n  "TaskType": ""\n}\n', result.out)
  end)

  it("shows the request with --dry-run without credentials, and sends nothing", function()
    local result = run("CreateDISyncTask ProjectId=10000 TaskType=DI_OFFLINE TaskName=x TaskContent='{}' --dry-run",
      { env = { ALIBABA_CLOUD_ACCESS_KEY_ID = "", ALIBABA_CLOUD_ACCESS_KEY_SECRET = "", ALIBABA_CLOUD_ECS_METADATA_DISABLED = "true" } })
    assert.same({ "", 0 }, { result.err, result.status })
    assert.matches("\nauthorization: %*%*%*\n", result.out)
    assert.matches("\nbody:\n  TaskContent={}\n", result.out, 1, true)
    assert.matches("\nstring to sign:\n  ACS3%-HMAC%-SHA256\n  %x+\n$", result.out)
    assert.same({}, emulator:journal())
  end)

  it("refuses what changes something with --read-only and DATAWORKS_READ_ONLY", function()
    local message = "dataworks call: DeleteFile changes something, and --read-only or DATAWORKS_READ_ONLY forbids that\n"
    for _, variable in ipairs { "", "1" } do
      local result = run("DeleteFile ProjectId=1 FileId=1" .. (variable == "" and " --read-only" or ""),
        { env = { DATAWORKS_READ_ONLY = variable } })
      assert.same({ message, 2 }, { result.err, result.status })
    end
    assert.equal(0, run("ListFiles ProjectId=10000 --read-only").status)
  end)

  it("shows events with -v, and requests without secrets with -vv", function()
    local result = run "ListFiles ProjectId=10000 -vv"
    assert.matches("dataworks: response action=ListFiles attempt=1 status=200", result.err, 1, true)
    assert.matches("> POST http://127.0.0.1:", result.err, 1, true)
    assert.matches("> authorization: ***\n", result.err, 1, true)
    assert.equal(0, run("ListFiles ProjectId=10000", { terminal = true }).status)
  end)
end)
