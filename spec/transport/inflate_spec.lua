-- Only LuaJIT has an FFI.
if not rawget(_G, "jit") then return end

local inflate = require "dataworks.transport.inflate"
local shell = require "spec.support.shell"

describe("gzip", function()
  setup(function() assert.is_true(inflate.is_available()) end)

  local function zipped(text)
    return shell.output(("printf %%s %s | gzip -n | od -An -v -tx1"):format(shell.quote(text)))
      :gsub("%s", ""):gsub("%x%x", function(hex) return string.char(tonumber(hex, 16)) end)
  end

  it("is decompressed up to a size", function()
    local text = ("a reply "):rep(10000)
    local packed = zipped(text)
    assert.equal(text, inflate.gunzip(packed, #text))
    assert.same({ nil, "the reply is larger than 79999 bytes" }, { inflate.gunzip(packed, #text - 1) })
  end)

  it("is refused when it is damaged, cut short or followed by other bytes", function()
    local packed = zipped "a reply"
    for _, damaged in ipairs { "", "no gzip", packed:sub(1, -2), packed .. "x", packed:sub(1, -9) .. ("\0"):rep(8) } do
      assert.same({ nil, "the reply's gzip is damaged or incomplete" }, { inflate.gunzip(damaged, 100) })
    end
  end)

  it("works beside another library's declarations of zlib", function()
    local ffi = require "ffi"
    ffi.cdef "typedef struct spec_stream { int other; } spec_stream; int inflateEnd(spec_stream *); const char *zlibVersion(void);"
    assert.equal("a reply", inflate.gunzip(zipped "a reply", 100))
    assert.equal(-2, ffi.load("libz.so.1").inflateEnd(ffi.cast("spec_stream *", nil)))
  end)
end)
