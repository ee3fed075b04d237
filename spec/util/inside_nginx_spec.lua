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
end)
