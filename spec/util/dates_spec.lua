local dates = require "dataworks.util.dates"

describe("dates", function()
  it("are read as UTC", function()
    assert.equal(0, dates.parse "1970-01-01T00:00:00Z")
    assert.equal(1709208001, dates.parse "2024-02-29T12:00:01Z")
    assert.equal("2024-02-29 12:00:01", dates.format(1709208001.9))
  end)

  it("are refused when the calendar lacks them", function()
    for _, text in ipairs { "2023-02-29T00:00:00", "2024-13-01T00:00:00", "2024-01-01T24:00:00", "" } do
      assert.is_nil(dates.parse(text .. "Z"))
    end
  end)
end)

describe("HTTP dates", function()
  it("are read in each of the three forms", function()
    for _, text in ipairs { "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994" } do
      assert.equal(784111777, dates.parse_http(text), text)
    end
    assert.equal(0, dates.parse_http "Thu, 01 Jan 1970 00:00:00 GMT")
    assert.equal(1709208001, dates.parse_http "Thu, 29 Feb 2024 12:00:01 GMT")
    assert.equal(1709208001, dates.parse_http "Thu Feb 29 12:00:01 2024")
    assert.equal(4102444799, dates.parse_http "Thu, 31 Dec 2099 23:59:59 GMT")
  end)

  it("with a two-digit year below 70 are of this century", function()
    assert.equal(dates.parse "2069-11-06T08:49:37Z", dates.parse_http "Wednesday, 06-Nov-69 08:49:37 GMT")
    assert.equal(dates.parse "1970-11-06T08:49:37Z", dates.parse_http "Friday, 06-Nov-70 08:49:37 GMT")
  end)

  it("may be leap seconds", function()
    assert.equal(dates.parse "2016-12-31T23:59:59Z", dates.parse_http "Sat, 31 Dec 2016 23:59:60 GMT")
  end)

  it("are nil in any other form", function()
    assert.is_nil(dates.parse_http(nil))
    for _, text in ipairs {
      "", "7", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 6 Nov 1994 08:49:37 GMT",
      "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 31 Feb 2024 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
      "Sun Nov  6 08:49:37 94", "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z",
    } do
      assert.is_nil(dates.parse_http(text), text)
    end
  end)
end)
