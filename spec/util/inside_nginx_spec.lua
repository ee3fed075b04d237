local shell = require "spec.support.shell"
local inside_nginx = require "dataworks.util.inside_nginx"

describe("inside_nginx", function()
  local before = rawget(_G, "ngx")
  after_each(function() rawset(_G, "ngx", before) end)

  it("is true only with the ngx of a running nginx", function()
    for expected, ngx in pairs { [true] = { config = { subsystem = "http" } }, [false] = { config = {} } } do
      rawset(_G, "ngx", ngx)
      assert.equal(expected, inside_nginx())
    end
    for _, ngx in ipairs { {}, "ngx", false } do
      rawset(_G, "ngx", ngx)
      assert.is_false(inside_nginx())
    end
  end)

  it("names the block of the configuration", function()
    rawset(_G, "ngx", { config = { subsystem = "stream" } })
    assert.same({ true, "stream" }, { inside_nginx() })
    rawset(_G, "ngx", nil)
    assert.same({ false, "http" }, { inside_nginx() })
  end)

  it("lets every other module take the name of the block from it", function()
    -- Only its advice to call outside of a stream block names a block.
    assert.equal("lua/dataworks/transport/ngx/outcome.lua",
      shell.output "grep -rlE '(http|stream) block' lua | sort")
  end)

  it("lets every message about the configuration name the stream block", function()
    local outcome = require "dataworks.transport.ngx.outcome"
    rawset(_G, "ngx", { config = { subsystem = "stream" }, shared = {} })
    local line = "nginx has no lua_shared_dict x; add \"lua_shared_dict x 64k;\" to its stream block"
    assert.equal(line, require("dataworks.limit.shared").find_mistake("dict", "x"))
    assert.matches("in the stream block", outcome.connecting_failed("no resolver defined to resolve x", false, true).advice, 1, true)
    local transport = require("dataworks.transport.ngx").new { ca_file = "x" }
    local _, failure = transport:send({}, {})
    assert.matches("into the stream block of nginx's configuration", failure.advice, 1, true)
  end)
end)
