local core = require "dataworks.core"

local parse_date = core.parse_date

describe("a date of ISO 8601", function()
  it("is parsed as UTC", function()
    assert.equal(0, parse_date "1970-01-01T00:00:00Z")
    assert.equal(1709208001, parse_date "2024-02-29T12:00:01Z")
    assert.equal(-1, parse_date "1969-12-31T23:59:59Z")
    assert.equal(253402300799, parse_date "9999-12-31T23:59:59Z")
  end)

  it("is the inverse of os.date for each day of 400 years", function()
    for day = -50000, 96097, 7 do
      local seconds = day * 86400 + 3723
      assert.equal(seconds, parse_date(os.date("!%Y-%m-%dT%H:%M:%SZ", seconds)))
    end
  end)

  it("is nil when there is no such moment", function()
    for _, text in ipairs {
      "2023-02-29T00:00:00", "1900-02-29T00:00:00", "2024-13-01T00:00:00", "2024-00-01T00:00:00", "2024-01-00T00:00:00",
      "2024-04-31T00:00:00", "2024-01-01T24:00:00", "2024-01-01T00:60:00", "2024-01-01T00:00:60", "0001-01-01T00:00:00", "",
    } do
      assert.is_nil(parse_date(text .. "Z"), text)
    end
  end)

  it("is nil in another form", function()
    for _, text in ipairs {
      "2024-01-01T00:00:00", "2024-01-01 00:00:00Z", "2024-01-01T00:00:00.0Z", "2024-01-01T00:00:00+00:00", " 2024-01-01T00:00:00Z",
      "2024-1-01T00:00:00Z", "2024-01-01T00:00:00z", "2024-01-01T00:00:00Z\0", "yyyy-nn-ddThh:mm:ssZ",
    } do
      assert.is_nil(parse_date(text), text)
    end
  end)
end)

describe("a date of HTTP", function()
  it("is parsed in each of the three forms", function()
    for _, text in ipairs { "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994" } do
      assert.equal(784111777, parse_date(text), text)
    end
    assert.equal(0, parse_date "Thu, 01 Jan 1970 00:00:00 GMT")
    assert.equal(1709208001, parse_date "Thu, 29 Feb 2024 12:00:01 GMT")
    assert.equal(1709208001, parse_date "Thu Feb 29 12:00:01 2024")
    assert.equal(4102444799, parse_date "Thu, 31 Dec 2099 23:59:59 GMT")
  end)

  it("is of this century when its year has two digits below 70", function()
    assert.equal(parse_date "2069-11-06T08:49:37Z", parse_date "Wednesday, 06-Nov-69 08:49:37 GMT")
    assert.equal(parse_date "1970-11-06T08:49:37Z", parse_date "Friday, 06-Nov-70 08:49:37 GMT")
  end)

  it("counts a leap second as the second before it", function()
    assert.equal(parse_date "2016-12-31T23:59:59Z", parse_date "Sat, 31 Dec 2016 23:59:60 GMT")
  end)

  it("is nil for any other text, and for nil", function()
    assert.is_nil(parse_date(nil))
    for _, text in ipairs {
      "", "7", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 6 Nov 1994 08:49:37 GMT",
      "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 31 Feb 2024 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
      "Sun Nov  6 08:49:37 94", "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
      "day, 06-Nov-94 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT", "S1n, 06 Nov 1994 08:49:37 GMT",
    } do
      assert.is_nil(parse_date(text), text)
    end
  end)
end)

describe("the date of a request", function()
  it("is that of os.date for days of 400 years", function()
    local now
    local client = require("spec.support.fake").client({}, { now = function() return now end })
    for day = 0, 146097, 1461 - 100 do
      now = day * 86400 + 3723
      local made = assert(client:request("GetDISyncTask", { ProjectId = 1, FileId = 2, TaskType = "DI_REALTIME" }))
      assert.equal(os.date("!%Y-%m-%dT%H:%M:%SZ", now), made.headers["x-acs-date"])
    end
  end)
end)
