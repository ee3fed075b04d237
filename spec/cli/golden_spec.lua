-- The answers to wrong command lines, as a person sees them. To accept a change, run with DATAWORKS_GOLDEN=write.

local files = require "spec.support.files"
local shell = require "spec.support.shell"

local PATH = "spec/cli/golden/wrong_use.txt"

-- The service of these commands does not exist.
local ENVIRONMENT = "env -u LD_PRELOAD HOME=/nonexistent LC_ALL=C ALIBABA_CLOUD_REGION_ID=cn-shanghai "
  .. "ALIBABA_CLOUD_ENDPOINT=http://127.0.0.1:9 ALIBABA_CLOUD_ACCESS_KEY_ID=golden-id ALIBABA_CLOUD_ACCESS_KEY_SECRET=golden-secret "

describe("a wrong command line", function()
  it("gets the answer of the golden file", function()
    local golden, script = files.read(PATH), {}
    for line in ("\n" .. golden):gmatch "\n%$ dataworks ?([^\n]*)" do
      script[#script + 1] = ("echo '$ dataworks %s'; timeout 60 %s bin/dataworks %s </dev/null; echo \"status $?\""):format(line,
        shell.interpreter, line)
    end
    assert.is_true(#script >= 50)
    local answers = shell.output(ENVIRONMENT .. "sh -c " .. shell.quote(table.concat(script, "\n"))) .. "\n"
    if os.getenv "DATAWORKS_GOLDEN" == "write" then files.write(PATH, answers) end
    assert.equal(files.read(PATH), answers)
  end)
end)

describe("the output of a command", function()
  it("has the shape of the golden file", function()
    local emulator = require("spec.support.emulator").start()
    emulator:settings { pending_calls = 0, wait_calls = 0, kill_calls = 0 }
    local path, folder = "spec/cli/golden/output.txt", shell.output "mktemp -d"
    local words = { "env -u LD_PRELOAD XDG_STATE_HOME=" .. folder }
    for name, value in pairs(require("spec.support.command").variables(emulator)) do words[#words + 1] = name .. "=" .. shell.quote(value) end
    local golden, script = files.read(path), { "export PATH=" .. folder .. ":$PATH" }
    for line in ("\n" .. golden):gmatch "\n%$ dataworks ([^\n]*)" do
      script[#script + 1] = ("printf '%%s\\n' %s; timeout 60 %s bin/dataworks %s; echo \"status $?\""):format(
        shell.quote("$ dataworks " .. line), shell.interpreter, line)
    end
    local output = shell.output(table.concat(words, " ") .. " sh -c " .. shell.quote(table.concat(script, "\n"))) .. "\n"
    emulator:stop()
    shell.output("rm -r " .. folder)
    output = output:gsub("%x+%-%x+%-%x+%-%x+%-%x+", "REQUEST-ID"):gsub("127%.0%.0%.1:%d+", "127.0.0.1:PORT")
      :gsub('(Time": )%d+', "%1TIME")
    if os.getenv "DATAWORKS_GOLDEN" == "write" then files.write(path, output) end
    assert.equal(files.read(path), output)
  end)
end)
