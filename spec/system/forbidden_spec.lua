local files = require "spec.support.files"
local shell = require "spec.support.shell"

describe("tools/forbidden.lua #tools", function()
  local folder

  setup(function()
    folder = shell.output "mktemp -d"
    shell.output(("mkdir -p %s/csrc/core %s/lua/dataworks"):format(folder, folder))
  end)
  teardown(function() shell.output("rm -rf " .. folder) end)

  it("passes on this tree", function()
    shell.output "lua5.4 tools/forbidden.lua"
  end)

  for name, case in pairs {
    ["a size as an int"] = { "csrc/core/a.c", "f((int)len + 1);" },
    ["a number by printf"] = { "csrc/core/a.c", 'lua_pushfstring(L, "got %f", x);' },
    ["a number by snprintf"] = { "csrc/core/a.h", 'snprintf(text, 9, "%.17g", x);' },
    ["a number read by the locale"] = { "csrc/core/a.c", "x = strtod(text, NULL);" },
    ["luaL_checkstack"] = { "csrc/core/a.c", 'luaL_checkstack(L, 9, "deep");' },
    ["a class of its own"] = { "csrc/core/a.c", 'if (luaL_newmetatable(L, "x")) {' },
    ["a message about memory"] = { "csrc/core/a.c", 'luaL_error(L, "too large, or memory ran out");' },
    ["a wait that Ctrl-C does not end"] = { "csrc/core/a.c", "nanosleep(&pause, NULL);" },
    ["a request that Ctrl-C does not end"] = { "csrc/core/a.c", "code = curl_easy_perform(h);" },
    ["a TLS option outside the identity"] = { "csrc/core/a.c", "curl_easy_setopt(h, CURLOPT_SSLKEY, key);" },
    ["another reader of JSON"] = { "lua/dataworks/a.lua", 'local json = require "cjson.safe"' },
    ["a number in a message"] = { "lua/dataworks/a.lua", 'x = ("after %.1f s"):format(y)' },
    ["a number in a text"] = { "lua/dataworks/a.lua", 'x = ("%g"):format(y)' },
  } do
    it("finds " .. name, function()
      local path = folder .. "/" .. case[1]
      files.write(path, "\n" .. case[2] .. "\n")
      local output, status = shell.run("lua5.4 tools/forbidden.lua " .. folder)
      os.remove(path)
      assert.equal(1, status)
      assert.matches(path .. ":2: ", output, 1, true)
    end)
  end

  it("leaves a format without a decimal point, and a pattern's frontier", function()
    local path = folder .. "/lua/dataworks/a.lua"
    files.write(path, 'x = ("%.0f %d"):format(y) z = x:match "%f[%w]a"\n')
    assert.equal(0, select(2, shell.run("lua5.4 tools/forbidden.lua " .. folder)))
    os.remove(path)
  end)
end)
