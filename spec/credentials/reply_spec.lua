local reply = require "dataworks.credentials.reply"

describe("a reply with credentials", function()
  it("may have an expiry with a fraction or an offset", function()
    for text, seconds in pairs {
      ["2024-05-18T08:09:10Z"] = 1716019750, ["2024-05-18T08:09:10.123Z"] = 1716019750, ["2024-05-18T08:09:10z"] = 1716019750,
      ["2024-05-18T16:09:10+08:00"] = 1716019750, ["2024-05-18T16:09:10.5+0800"] = 1716019750,
      ["2024-05-18T03:39:10-04:30"] = 1716019750,
    } do
      assert.equal(seconds, reply.parse_expiration(text), text)
    end
    for _, text in ipairs { "", "2024-05-18", "2024-05-18T08:09:10", "2024-13-18T08:09:10Z", "1716019750", "2024-05-18T08:09:10+8" } do
      assert.is_nil(reply.parse_expiration(text), text)
    end
    assert.is_nil(reply.parse_expiration(nil))
  end)

  it("must have all four parts, as strings", function()
    local names = { "AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration" }
    local function whole()
      return { AccessKeyId = "i", AccessKeySecret = "s", SecurityToken = "t", Expiration = "2024-05-18T08:09:10Z" }
    end
    assert.same({ access_key_id = "i", access_key_secret = "s", security_token = "t", expiration = 1716019750 },
      reply.parse_credentials(whole(), reply.PASCAL))
    for _, name in ipairs(names) do
      for _, bad in ipairs { false, "", 5, {} } do
        local answer = whole()
        answer[name] = bad or nil
        assert.equal("the answer has no " .. name, select(2, reply.parse_credentials(answer, reply.PASCAL)).message)
      end
    end
    local answer = whole()
    answer.Expiration = "soon"
    assert.equal("the answer's Expiration is not a date", select(2, reply.parse_credentials(answer, reply.PASCAL)).message)
    assert.equal("the answer has no credentials", select(2, reply.parse_credentials("x", reply.PASCAL)).message)
  end)

  it("must be one JSON object", function()
    assert.same({ a = 1 }, reply.parse_object ' {"a":1}\n')
    for _, text in ipairs { "", "[1]", "5", '"{"', "{", '{"a":1}}', "<html>" } do
      assert.equal("the answer is not a JSON object", select(2, reply.parse_object(text)).message)
    end
  end)
end)
