local shell = require "spec.support.shell"

--- Runs the command. Returns its output, with that for errors, and its exit status.
local function dataworks(arguments, environment)
  return shell.run(("%s %s bin/dataworks %s"):format(environment or "", shell.interpreter, arguments))
end

describe("the command", function()
  for _, arguments in ipairs { "help", "--help", "-h" } do
    it("lists its commands with " .. arguments, function()
      local output, status = dataworks(arguments)
      assert.equal(0, status)
      assert.matches("^usage: dataworks COMMAND ", output)
      assert.matches("\n  call +call any action of the service, and print its reply\n", output)
    end)
  end

  for arguments, message in pairs {
    [""] = "dataworks: a command is missing",
    ["--region cn-shanghai"] = "dataworks: a command is missing after --region cn-shanghai",
    ["--regoin x list"] = "dataworks: unknown option --regoin; did you mean --region?",
    ["tasks list"] = "dataworks: there is no command tasks; did you mean dataworks list?",
    ["task list"] = "dataworks task: too many arguments: list; did you mean dataworks list?",
    ["delete a b c --project 1"] = "dataworks delete: too many arguments: b, c",
    ["list --project -5"] = 'dataworks list: --project: expected the id of a workspace, such as 10000, got "-5"',
    ["call ListFiles --timeout -5"] = "dataworks call: --timeout must be a number above 0, got -5",
    ["delete -5 --project 1"] = "dataworks delete: unknown option '-5'",
    ["--endpoint a/b call ListFiles"] = 'dataworks call: --endpoint: expected a host, a host:port, or a URL that has no path, got "a/b"',
    ["task --from mysq:a --tables a --to odps:b --resource-group c"] =
      "dataworks task: --from mysq: the options describe a task with the source mysql; did you mean mysql?",
    dance = "dataworks: there is no command dance",
    cal = "dataworks: there is no command cal; did you mean call?",
    ["--region cn-shanghai cal"] = "dataworks: there is no command cal; did you mean call?",
    call = "dataworks call: missing: ACTION",
    ["call --al ListFiles"] = "dataworks call: unknown option '--al'; did you mean --all?",
    ["call ListFiles --output jsno"] = "dataworks call: --output jsno is not one of table, json, jsonl; did you mean json?",
    ["call ListFiles --timeout soon"] = "dataworks call: --timeout soon is not a number",
    ["--timeout=-1 call ListFiles"] = "dataworks call: --timeout must be a number above 0, got -1",
    ["call ListFiles --timeout 1e999"] = "dataworks call: --timeout must be a number above 0, got 1e999",
    ["call ListFiles --limit 5"] = "dataworks call: --limit has no effect without --all",
    ["call ListFiles --all --limit 0"] = "dataworks call: --limit must be a number above 0, got 0",
    ["apply x.json --yes"] = "dataworks apply: --yes has no effect without --prune",
    ["apply x.json --prune-limit 5"] = "dataworks apply: --prune-limit has no effect without --prune",
    ["apply x.json --concurrency 1.5"] = "dataworks apply: --concurrency must be a whole number above 0, got 1.5",
    ["apply x.json --limit 0"] = "dataworks apply: --limit must be a number above 0, got 0",
    ["check x.json --project 1"] = "dataworks check: --project has no effect without --live",
    ["stop x --project 1 --no-wait --wait-timeout 5"] = "dataworks stop: --wait-timeout has no effect with --no-wait",
    ["wait x --project 1 --for RUN --wait-timeout 0"] = "dataworks wait: --wait-timeout must be a number above 0, got 0",
  } do
    it(("answers `dataworks %s` with a message and status 2"):format(arguments), function()
      local output, status = dataworks(arguments)
      assert.same({ message, 2 }, { output:match "^[^\n]*", status })
    end)
  end

  it("prints its version", function()
    local output, status = dataworks "--version"
    assert.same({ require("dataworks")._VERSION .. "\n", 0 }, { output, status })
  end)

  it("finds the modules of a checkout from any folder, also through a link", function()
    local command = "unset LUA_PATH LUA_CPATH; top=$PWD; cd / && " .. shell.interpreter
    assert.equal(0, select(2, shell.run(command .. " $top/bin/dataworks --version")))
    local link = shell.output "mktemp -u"
    local output = shell.output(("ln -s $PWD/bin/dataworks %s; %s %s --version; rm %s"):format(link, command, link, link))
    assert.equal(require("dataworks")._VERSION, output)
  end)

  it("runs with a Lua for which the checkout is built, also through a link, even if another copy is installed", function()
    local folder = shell.output "mktemp -d"
    local output, status = shell.run((([[
      unset LUA_CPATH; mkdir -p @/top/build @/dataworks/cli && cp -r bin lua @/top && ln -s $PWD/build/#LUA @/top/build/ &&
      echo 'return { run = function() print "another copy" end }' >@/dataworks/cli/main.lua && ln -s @/top/bin/dataworks @/link &&
      export LUA_PATH='@/?.lua;;' && cd / && @/link --version && @/top/bin/dataworks --version &&
      rm -r @/top/build/* && @/link --version]]):gsub("@", folder):gsub("#LUA", shell.lua)))
    shell.output("rm -r " .. folder)
    local version = require("dataworks")._VERSION .. "\n"
    assert.same({ version .. version .. ("dataworks: no C module is built here; to build it, run: make -C %s/top/bin/.. build\n")
      :format(folder), 99 }, { output, status })
  end)

  it("says how to build the C module when it is missing", function()
    local folder = shell.output "mktemp -d"
    local output, status = shell.run(("cp -r bin lua %s; env -u LUA_PATH -u LUA_CPATH %s %s/bin/dataworks help")
      :format(folder, shell.interpreter, folder))
    shell.output("rm -r " .. folder)
    assert.equal(99, status)
    assert.equal(("dataworks: the C module cannot be loaded; to build it, run: make -C %s/bin/.. build LUA=%s\n"):format(folder,
      shell.lua), output)
  end)
end)
