local catalog = require "dataworks.api.catalog"
local cjson = require "cjson"
local command = require "spec.support.command"
local commands = require "dataworks.cli.commands"
local files = require "spec.support.files"
local shell = require "spec.support.shell"
local support = require "spec.support.emulator"

--- Runs a command in this process. Returns what it writes.
local function output_of(argv)
  local written = {}
  local fake = { write = function(_, ...) written[#written + 1] = table.concat { ... } return true end, flush = function() return true end }
  local status = require("dataworks.cli.main").run(argv, fake)
  return table.concat(written), status
end

describe("dataworks actions", function()
  it("lists the actions whose names contain the word", function()
    local output = output_of { "actions", "getdijob" }
    assert.equal([[
Action       Version     Reads  Pages
GetDIJob     2020-05-18  true   false
GetDIJob     2024-05-18  true   false
GetDIJobLog  2024-05-18  true   false
]], output)
  end)
end)

describe("dataworks help", function()
  it("names each parameter of every action with its type, place and need, and describes the reply", function()
    for _, version in ipairs(catalog.versions) do
      for name in pairs(catalog.names(version)) do
        local output, status = output_of { "help", name, "--api-version", version }
        assert.equal(0, status)
        local row = catalog.find(name, version)
        for _, param in ipairs(row.params) do
          local line = output:match("\n" .. param[1] .. " [^\n]*")
          assert.matches(" " .. param[3] .. " +" .. (param.required and "yes" or "no"), line)
        end
        assert.equal(row.list ~= nil, output:find("--all prints the items of " .. (row.list or "-"), 1, true) ~= nil)
        assert.matches("\nReply:\n  %u", output)
      end
    end
  end)

  it("says of a value that is not plain text what to write", function()
    for _, case in ipairs {
      { "GenerateDISyncTaskConfigForCreating", "TaskParam", "TaskParam" }, { "GenerateDISyncTaskConfigForUpdating", "TaskParam", "TaskParam" },
      { "CreateDISyncTask", "TaskParam", "JSON" }, { "SetEntityTags", "Tags", "JSON list" }, { "BatchDeleteMetaEntities", "Ids", "list of texts" },
      { "GetDISyncTask", "FileId", "long" }, { "GetDISyncTask", "TaskType", "string" },
    } do
      local name, param, expected = case[1], case[2], case[3]
      local kind = output_of({ "help", name }):match("\n" .. param .. "  +(.-)  ")
      assert.same({ name, expected }, { name, kind })
    end
  end)

  it("shows the help of a command", function()
    local output = output_of { "help", "call" }
    assert.equal(output_of { "call", "--help" }, output)
    assert.matches(commands.load("call").description:sub(1, 40), output, 1, true)
    local wrong = command.run "help creat"
    assert.same({ "dataworks help: there is no command creat; did you mean create?\ndataworks --help lists the commands.\n", 2 },
      { wrong.err, wrong.status })
  end)

  it("goes through all pages of exactly the actions that page", function()
    for _, version in ipairs(catalog.versions) do
      for name in pairs(catalog.names(version)) do
        local row = catalog.find(name, version)
        local client = { each = function() return function() end end }
        local refused
        local context = {
          args = {}, client = function() return client end, output = {}, progress = {},
          wrong_use = function() refused = true error "stopped" end,
        }
        pcall(require("dataworks.cli.pages").print, row, {}, context)
        assert.equal(row.list == nil, refused or false, name)
      end
    end
  end)
end)

describe("dataworks sign and whoami", function()
  local emulator

  setup(function() emulator = support.start() end)
  teardown(function() emulator:stop() end)

  local function run(arguments, options)
    options = options or {}
    options.env = options.env or command.variables(emulator)
    return command.run(arguments, options)
  end

  it("writes a configuration with which curl makes the call", function()
    local signed = run "sign ListFiles ProjectId=10000 Keyword='a\"b\\\\c'"
    assert.same({ "", 0 }, { signed.err, signed.status })
    local path = os.tmpname()
    files.write(path, signed.out)
    local reply = shell.output("env -u LD_PRELOAD curl -sS --max-time 30 --noproxy '*' -K " .. path)
    os.remove(path)
    assert.is_true(cjson.decode(reply).Success)
  end)

  it("refuses to write a signature to a terminal", function()
    local result = run("sign ListFiles ProjectId=10000", { terminal = true })
    assert.equal(2, result.status)
    assert.matches("a signed request is a secret; write it to a pipe or to a file", result.out, 1, true)
  end)

  it("shows the credentials, the endpoint and the answer of the service, but no secret", function()
    local result = run "whoami -o json"
    assert.same({ "", 0 }, { result.err, result.status })
    local shown = cjson.decode(result.out)
    assert.same({ "cn-shanghai", emulator.endpoint, "environment", "answers" },
      { shown.Region, shown.Endpoint, shown.Credentials, shown.Service })
    assert.is_true(math.abs(shown.ClockSkewSeconds) <= 2)
    assert.same({ Step = "oidc", Result = "not asked" }, shown.Chain[2])
    assert.is_nil(result.out:find(emulator.access_key_secret, 1, true))
  end)

  it("shows what each step of the chain lacks", function()
    local result = run("whoami --region cn-shanghai", { env = { ALIBABA_CLOUD_ECS_METADATA_DISABLED = "true" } })
    assert.equal(4, result.status)
    assert.matches("\nCredentials +none\n", result.out)
    assert.matches("\ncli_profile +.*config.json does not exist\n", result.out)
    local without_region = run("whoami", { env = {
      ALIBABA_CLOUD_ACCESS_KEY_ID = "id", ALIBABA_CLOUD_ACCESS_KEY_SECRET = "secret",
    } })
    assert.equal(2, without_region.status)
    assert.matches("\nenvironment +has credentials\n", without_region.out)
  end)
end)

describe("the completion", function()
  for words, expected in pairs {
    ["ca"] = "call", ["call ListFil"] = "ListFileType ListFileVersions ListFiles", ["call ListFiles Pr"] = "ProjectId= ProjectIdentifier=",
    ["call GetDISyncTask TaskType="] = "TaskType=DI_OFFLINE TaskType=DI_REALTIME TaskType=DI_SOLUTION",
    ["--network v"] = "vpc", ["call ListFiles --output js"] = "json jsonl", ["call --sk"] = "--skeleton", ["completion z"] = "zsh",
  } do
    it(("completes `dataworks %s`"):format(words), function()
      local argv = { "__complete", "--" }
      for word in words:gmatch "%S+" do argv[#argv + 1] = word end
      assert.equal(expected, (output_of(argv):gsub("\n$", ""):gsub("\n", " ")))
    end)
  end

  it("works in bash, which splits words at the sign =", function()
    local script = ([[
      dataworks() { %s bin/dataworks "$@"; }
      source <(dataworks completion bash)
      compopt() { :; }
      try() { COMP_LINE=$1; COMP_POINT=${#1}; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _dataworks; echo "${COMPREPLY[@]}"; }
      try "dataworks ca" dataworks ca
      try "dataworks call GetDISyncTask TaskType=DI_R" dataworks call GetDISyncTask TaskType = DI_R
      try "dataworks call GetDISyncTask TaskType=" dataworks call GetDISyncTask TaskType =
      try "dataworks call DeleteFile " dataworks call DeleteFile ""
    ]]):format(shell.interpreter)
    assert.equal("call\nDI_REALTIME\nDI_OFFLINE DI_REALTIME DI_SOLUTION\nFileId= ProjectId= ProjectIdentifier=",
      shell.output("bash -c " .. shell.quote(script)))
  end)

  it("knows the profiles of the configuration files, and the state files", function()
    local folder = shell.output "mktemp -d"
    shell.output(("mkdir %s/.aliyun %s/.alibabacloud"):format(folder, folder))
    files.write(folder .. "/.aliyun/config.json", '{"current": "a", "profiles": [{"name": "work"}, {"name":"home"}]}')
    files.write(folder .. "/.alibabacloud/credentials", "[default]\ntype = access_key\n[old]\n")
    shell.output(("mkdir -p %s/state/dataworks && touch %s/state/dataworks/1-a.json"):format(folder, folder))
    assert.equal(folder .. "/state/dataworks/1-a.json", shell.output(
      ("XDG_STATE_HOME=%s/state %s bin/dataworks __complete -- create x --state ''"):format(folder, shell.interpreter)))
    assert.equal("default\nhome\nold\nwork", shell.output(("HOME=%s %s bin/dataworks __complete -- --profile ''")
      :format(folder, shell.interpreter)))
    shell.output("rm -r " .. folder)
  end)
end)

describe("the manual page", function()
  it("describes every command that the help lists", function()
    local page = output_of { "man" }
    for _, entry in ipairs(commands.list) do
      assert.equal(not entry.hidden, page:find("\n.SS dataworks " .. entry[1]:gsub("_", "\\_"), 1, true) ~= nil, entry[1])
    end
  end)
end)
