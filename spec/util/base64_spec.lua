local base64 = require "dataworks.util.base64"
local shell = require "spec.support.shell"

describe("base64", function()
  it("equals the encoding by OpenSSL", function()
    for _, text in ipairs { "", "a", "ab", "abc", "user:pass", "\0\255\254\0", ("x"):rep(100), "M\195\164dchen" } do
      local octal = text:gsub(".", function(byte) return ("\\%03o"):format(byte:byte()) end)
      assert.equal(shell.output(("printf '%s' | openssl base64 -A"):format(octal)), base64.encode(text))
    end
  end)
end)
